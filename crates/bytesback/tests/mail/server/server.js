// An SMTP server for the tests, told by one line of JSON on standard input what to do. It prints its port, and
// then one line of JSON for each message that it was handed.
'use strict';

const { SMTPServer } = require('smtp-server');
const readline = require('node:readline');

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** An error with an SMTP code and the text that goes with it. */
function refusal([code, text]) {
  return Object.assign(new Error(text), { responseCode: code });
}

/** The answer, with the link of the message in the place of QUOTE. */
function quoting([code, text], content) {
  const [link] = content.replace(/=\r\n/g, '').match(/https:\/\/(obyte\.org\/#|[^"\s<]+\/claim\/)[^"\s<]+/);
  return [code, text.replace('QUOTE', link)];
}

function start(orders) {
  const attempts = { recipient: 0, data: 0, connections: 0, open: 0, most: 0 };
  const login = orders.login;
  const begun = new Map();
  const later = (callback) => setTimeout(callback, orders.slow?.ms ?? 0);
  const at = (stage, callback) => (orders.slow?.at === stage ? later(callback) : callback());

  /** Whether the connection is to die here; it does so without a word. */
  function dies(stage, session) {
    if (orders.die !== stage) return false;
    const socket = [...server.connections].find((one) => one.session === session || one.id === session.id);
    socket._socket.destroy();
    return true;
  }

  const server = new SMTPServer({
    secure: orders.tls === 'implicit',
    disabledCommands: [...(orders.tls === 'starttls' ? [] : ['STARTTLS']), ...(login ? [] : ['AUTH'])],
    authOptional: !login,
    allowInsecureAuth: true,
    authMethods: orders.methods ?? ['PLAIN', 'LOGIN'],
    key: orders.key,
    cert: orders.cert,
    closeTimeout: 100,
    socketTimeout: orders.idle ?? 60_000,
    logger: false,

    onConnect(session, callback) {
      attempts.connections += 1;
      attempts.open += 1;
      attempts.most = Math.max(attempts.most, attempts.open);
      if (dies('connect', session)) return;
      at('connect', () => callback(orders.greeting ? refusal(orders.greeting) : undefined));
    },
    onClose() {
      attempts.open -= 1;
      if (orders.idle) say({ closed: true });
    },
    onAuth(auth, session, callback) {
      if (dies('login', session)) return;
      const right = auth.username === login[0] && auth.password === login[1];
      if (right) callback(null, { user: auth.username });
      else callback(refusal([535, '5.7.8 wrong user name or password']));
    },
    onMailFrom(address, session, callback) {
      if (dies('sender', session)) return;
      begun.set(session.id, (begun.get(session.id) ?? 0) + 1);
      if (begun.get(session.id) > orders.each) {
        callback(refusal([421, '4.7.0 enough for one connection']));
        return;
      }
      at('sender', () => callback(orders.sender ? refusal(orders.sender) : undefined));
    },
    onRcptTo(address, session, callback) {
      if (dies('recipient', session)) return;
      const answers = orders.recipient ?? [];
      const answer = answers[Math.min(attempts.recipient, answers.length - 1)];
      attempts.recipient += 1;
      at('recipient', () => callback(answer ? refusal(answer) : undefined));
    },
    onData(stream, session, callback) {
      if (orders.die === 'content') {
        stream.once('data', () => dies('content', session));
        stream.resume();
        return;
      }
      const chunks = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => {
        const content = Buffer.concat(chunks).toString('latin1');
        attempts.data += 1;
        say({
          from: session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map((one) => one.address),
          secure: Boolean(session.secure),
          user: session.user ?? null,
          hello: session.hostNameAppearsAs,
          connection: session.id,
          most: attempts.most,
          content,
        });
        // The message is there, and nobody hears of it.
        if (orders.die === 'answer' && attempts.data === 1) {
          dies('answer', session);
          return;
        }
        at('data', () => callback(orders.data ? refusal(quoting(orders.data, content)) : undefined));
      });
    },
  });
  server.on('error', () => {});
  server.listen(orders.port ?? 0, '127.0.0.1', () => say({ port: server.server.address().port }));
}

const lines = readline.createInterface({ input: process.stdin });
lines.once('line', (line) => start(JSON.parse(line)));
// Whoever started it is gone.
lines.on('close', () => process.exit(0));
