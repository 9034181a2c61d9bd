//! Paths, media types, versions of HTTP, headers.

use std::thread::sleep;
use std::time::Duration;

use super::Case;
use crate::client::Client;
use crate::probe::{Probe, each, in_time, is_same};
use crate::reply::{Answer, Reply};
use crate::sale::Sale;
use crate::stop::{Judged, expect, fail};
use crate::target::Endpoint;

pub(super) const CASES: &[Case] = &[
    Case { details: &["C1"], name: "both paths are served, with and without a slash", run: paths },
    Case { details: &["C1", "C6"], name: "a trailing slash is paid and no redirect", run: trailing_slash },
    Case { details: &["C6"], name: "another host name is no redirect", run: other_host },
    Case { details: &["C2"], name: "parameters of the media type are ignored", run: charset },
    Case { details: &["C2"], name: "multipart of PHP's curl is read", run: multipart },
    Case { details: &["C2"], name: "JSON is read", run: json },
    Case { details: &["C2"], name: "a missing content type is no reason to refuse", run: no_content_type },
    Case { details: &["C5"], name: "a purchase goes on when its client hangs up", run: hang_up },
    Case { details: &["C8"], name: "HTTP/1.0 gets a length and the end of the connection", run: http_1_0 },
    Case { details: &["C8"], name: "Expect: 100-continue is honoured", run: expect_continue },
    Case { details: &["C9"], name: "no user agent is turned away", run: user_agents },
    Case { details: &["C10"], name: "scripts of every origin may read every answer", run: origins },
    Case { details: &["C10"], name: "a preflight allows what the request needs", run: preflight },
    Case { details: &["C11"], name: "the answer is JSON whatever the client accepts", run: accept },
    Case { details: &["API"], name: "one connection serves several requests", run: keep_alive },
    Case { details: &["API"], name: "a chunked body is put together", run: chunked },
    Case { details: &["API"], name: "64 KiB are read, more is answered with 413", run: too_large },
    Case { details: &["API"], name: "other methods are answered with 405", run: methods },
    Case { details: &["API"], name: "other paths are answered with 404", run: unknown_paths },
];

fn paths(probe: &Probe<'_>) -> Judged<()> {
    let target = &probe.options.target;
    let (live, test) = (target.path(Endpoint::Live), target.path(Endpoint::Test));
    let sale = probe.sale().with("partner_key", "wrong-key");
    let wanted = probe.unauthenticated()?;
    for path in [format!("{live}/"), test.clone(), format!("{test}/"), live] {
        let answer = probe.answer_at(&path, &Client::plugin(), &sale).map_err(|stop| stop.at(&path))?;
        let same = matches!(&answer, Answer::Error { text, .. } if *text == wanted);
        expect(same, &format!("{wanted:?} at {path}"), format!("{answer:?}"))?;
    }
    Ok(())
}

fn trailing_slash(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    match probe.answer_at(&format!("{}/", probe.path), &Client::wordpress(), &sale)? {
        Answer::Paid(paid) => probe.replays(&Client::wordpress(), &sale, &paid),
        Answer::Error { pending: true, .. } => Ok(()),
        Answer::Error { text, .. } => fail(format!("expected ok, came the error: {text}")),
    }
}

fn other_host(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale().with("partner_key", "wrong-key");
    each(&["www.shop.example", "byte.money", "localhost"], |host| {
        probe.refused(&Client::plugin().header("Host", host), &sale).map(|_| ())
    })
}

fn charset(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let first = probe.paid(&Client::wordpress(), &sale)?;
    let types = [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded;charset=UTF-8",
        "Application/X-WWW-Form-Urlencoded; charset=\"utf-8\"; x=y",
        "application/x-www-form-urlencoded ; charset=windows-1251",
    ];
    each(&types, |name| probe.replays(&Client::wordpress().header("Content-Type", name), &sale, &first))
}

fn multipart(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale().with("customer", "Иван & сын");
    let first = probe.paid(&Client::plugin_multipart(), &sale)?;
    probe.replays(&Client::plugin(), &sale, &first)
}

fn json(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale().with("description", "two\nlines \"quoted\" \u{1F355}");
    let first = probe.paid(&Client::gateway(), &sale)?;
    let plain = Client::gateway().header("Content-Type", "application/json");
    probe.replays(&plain, &sale, &first)?;
    probe.replays(&Client::plugin(), &sale, &first)
}

fn no_content_type(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let first = probe.paid(&Client::plugin().without_header("Content-Type"), &sale)?;
    probe.replays(&Client::plugin().header("Content-Type", "text/plain"), &sale, &first)?;
    probe.replays(&Client::gateway().without_header("Content-Type"), &sale, &first)
}

fn hang_up(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let mut connection = probe.connect()?;
    connection.write(&probe.request(&Client::wordpress(), &sale).bytes)?;
    // Long enough for the request to be read, and on most networks not for its answer.
    sleep(Duration::from_millis(2));
    drop(connection);
    sleep(Duration::from_secs(1));
    match probe.answer(&Client::wordpress(), &sale)? {
        Answer::Paid(paid) => {
            expect(paid.replayed, "a replay of what went on without its client", "a first payment")?;
            probe.replays(&Client::wordpress(), &sale, &paid)
        }
        Answer::Error { pending: true, .. } => Ok(()),
        Answer::Error { text, .. } => fail(format!("expected ok, came the error: {text}")),
    }
}

fn http_1_0(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let mut connection = probe.connect()?;
    connection.write(&probe.request(&Client::wordpress().http_1_0(), &sale).bytes)?;
    let reply = connection.reply()?;
    let chunked = reply.header("transfer-encoding").is_some();
    expect(!chunked, "no Transfer-Encoding for HTTP/1.0", "one")?;
    expect(reply.header("content-length").is_some(), "a Content-Length", "none")?;
    expect(connection.is_closed(), "the connection to be closed", &reply.version)?;
    match reply.judge()? {
        Answer::Paid(paid) => probe.replays(&Client::wordpress(), &sale, &paid),
        Answer::Error { pending: true, .. } => Ok(()),
        Answer::Error { text, .. } => fail(format!("expected ok, came the error: {text}")),
    }
}

fn expect_continue(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale().with("description", "d".repeat(1000));
    let client = Client::plugin().header("Expect", "100-continue");
    let request = probe.request(&client, &sale);
    let mut connection = probe.connect()?;
    connection.write(&request.bytes[..request.body])?;
    let status = connection.head()?.status;
    expect(status == 100, "100 Continue", status)?;
    connection.write(&request.bytes[request.body..])?;
    match connection.reply()?.judge()? {
        Answer::Paid(paid) => probe.replays(&Client::plugin(), &sale, &paid),
        Answer::Error { pending: true, .. } => Ok(()),
        Answer::Error { text, .. } => fail(format!("expected ok, came the error: {text}")),
    }
}

fn user_agents(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let first = probe.paid(&Client::plugin(), &sale)?;
    let clients =
        [Client::wordpress(), Client::telegram(), Client::app(), Client::gateway(), Client::helper()];
    for client in clients {
        probe.replays(&client, &sale, &first)?;
    }
    probe.replays(&Client::plugin().without_header("User-Agent"), &sale, &first)?;
    probe.replays(&Client::plugin().header("User-Agent", ""), &sale, &first)
}

fn origins(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let first = probe.paid(&Client::app(), &sale)?;
    each(&["null", "file://", "http://localhost:8080", "https://evil.example"], |origin| {
        let client = Client::app().header("Origin", origin);
        probe.replays(&client, &sale, &first)?;
        probe.refused(&client, &sale.clone().with("partner_key", "wrong-key")).map(|_| ())
    })
}

fn preflight(probe: &Probe<'_>) -> Judged<()> {
    let client = Client::app()
        .without_header("Content-Type")
        .without_header("Content-Length")
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type");
    let request = client.send(&probe.options.target, "OPTIONS", &probe.path, b"");
    let reply = probe.exchange_bytes(&request.bytes)?;
    expect(matches!(reply.status, 200 | 204), "status 200 or 204", reply.status)?;
    reply.judge_beside()?;
    let allowed = |name: &str| reply.header(name).unwrap_or_default().to_ascii_lowercase();
    let methods = allowed("access-control-allow-methods");
    expect(methods.contains("post"), "POST in Access-Control-Allow-Methods", methods)?;
    let headers = allowed("access-control-allow-headers");
    let allows = headers.contains("content-type") || headers == "*";
    expect(allows, "Content-Type in Access-Control-Allow-Headers", headers)
}

fn accept(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let first = probe.paid(&Client::app(), &sale)?;
    each(&["text/plain", "text/html", "application/json", "image/*;q=0", "", "garbage"], |accept| {
        probe.replays(&Client::app().header("Accept", accept), &sale, &first)
    })
}

fn keep_alive(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let first = probe.paid(&Client::telegram(), &sale)?;
    let mut connection = probe.connect()?;
    for _ in 0..3 {
        connection.write(&probe.request(&Client::telegram(), &sale).bytes)?;
        match connection.reply()?.judge()? {
            Answer::Paid(again) => is_same(&again, &first)?,
            Answer::Error { text, .. } => return fail(format!("expected ok, came the error: {text}")),
        }
    }
    Ok(())
}

fn chunked(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let first = probe.paid(&Client::telegram(), &sale)?;
    let client = Client::telegram().without_header("Content-Length").header("Transfer-Encoding", "chunked");
    let request = probe.request(&client, &sale);
    let (head, body) = request.bytes.split_at(request.body);
    let (one, two) = body.split_at(body.len() / 2);
    let chunk = |part: &[u8]| [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
    let reply = probe.exchange_bytes(&[head, &chunk(one), &chunk(two), b"0\r\n\r\n"].concat())?;
    match reply.judge()? {
        Answer::Paid(again) => is_same(&again, &first),
        Answer::Error { text, .. } => fail(format!("expected ok, came the error: {text}")),
    }
}

fn too_large(probe: &Probe<'_>) -> Judged<()> {
    let sale = probe.sale();
    let length = |sale: &Sale| {
        let request = probe.request(&Client::plugin(), sale);
        request.bytes.len() - request.body
    };
    let filled = |size: usize| {
        let empty = length(&sale.clone().and("x", ""));
        sale.clone().and("x", "y".repeat(size - empty))
    };
    let (fits, large) = (filled(64 * 1024), filled(64 * 1024 + 1));
    let first = probe.paid(&Client::plugin(), &fits)?;
    let reply = probe.exchange_bytes(&probe.request(&Client::plugin(), &large).bytes)?;
    is_error_with_status(&reply, 413)?;
    probe.replays(&Client::plugin(), &sale, &first)
}

fn methods(probe: &Probe<'_>) -> Judged<()> {
    each(&["GET", "PUT", "DELETE", "PATCH"], |method| {
        let request = Client::plugin().send(&probe.options.target, method, &probe.path, b"");
        is_error_with_status(&probe.exchange_bytes(&request.bytes)?, 405)
    })
}

fn unknown_paths(probe: &Probe<'_>) -> Judged<()> {
    let target = &probe.options.target;
    each(&["/new_purchases", "/NEW_PURCHASE", "/new_purchase/x", "/live/new_purchase"], |path| {
        let request = Client::plugin().request(target, &target.beside(path), &probe.sale());
        is_error_with_status(&probe.exchange_bytes(&request.bytes)?, 404)
    })
}

fn is_error_with_status(reply: &Reply, status: u16) -> Judged<()> {
    expect(
        reply.status == status,
        &format!("status {status}"),
        format!("{} {}", reply.status, reply.text()),
    )?;
    reply.judge_beside()?;
    expect(in_time(reply.took), "an answer in time", format!("{:?}", reply.took))?;
    match reply.answer()? {
        Answer::Error { .. } => Ok(()),
        Answer::Paid(_) => fail("expected an error, it was paid"),
    }
}
