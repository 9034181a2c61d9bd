//! What must have an entry in the book.

/// What must be booked: kinds of causes, and the codes of all causes of the kind that have happened.
pub(super) const HAPPENED: [(&str, &str); 16] = [
    (
        "fund-received",
        "SELECT 'fund-received:' || unit || ':' || message_index || ':' || output_index AS cause FROM coins
      WHERE endpoint = :endpoint AND origin = 'others' AND partner IS NULL
          AND (textcoin IS NULL OR textcoin IN (SELECT payout FROM textcoins WHERE late = 'top-up'))
          AND (found IS NULL OR found IN (SELECT id FROM found_textcoins WHERE late))",
    ),
    (
        "deposit-received",
        "SELECT 'deposit-received:' || unit || ':' || message_index || ':' || output_index AS cause FROM coins
      WHERE endpoint = :endpoint AND partner IS NOT NULL",
    ),
    (
        "coin-found",
        "SELECT 'coin-found:' || unit || ':' || message_index || ':' || output_index AS cause FROM coins
      WHERE endpoint = :endpoint AND origin = 'foreign unit'",
    ),
    (
        "coin-lost",
        "SELECT 'coin-lost:' || unit || ':' || message_index || ':' || output_index AS cause FROM lost_coins
      WHERE endpoint = :endpoint",
    ),
    (
        "paid-elsewhere",
        "SELECT 'paid-elsewhere:' || payout AS cause FROM foreign_outputs
      WHERE endpoint = :endpoint AND payout IS NOT NULL",
    ),
    (
        "purchase-accepted",
        "SELECT 'purchase-accepted:' || payout AS cause FROM purchases WHERE endpoint = :endpoint
      UNION ALL SELECT 'purchase-accepted:' || id FROM payouts WHERE endpoint = :endpoint AND origin IS NOT NULL",
    ),
    (
        "payout-cancelled",
        "SELECT 'payout-cancelled:' || id AS cause FROM payouts
      WHERE endpoint = :endpoint AND (parked_at IS NOT NULL OR rejected_at IS NOT NULL)
          AND id NOT IN (SELECT payout FROM foreign_outputs WHERE payout IS NOT NULL)
          AND id NOT IN (SELECT payout FROM withdrawals)",
    ),
    (
        "withdrawal-accepted",
        "SELECT 'withdrawal-accepted:' || payout AS cause FROM withdrawals WHERE endpoint = :endpoint",
    ),
    (
        "withdrawal-cancelled",
        "SELECT 'withdrawal-cancelled:' || payout AS cause FROM withdrawals
      JOIN payouts ON payouts.id = withdrawals.payout
      WHERE withdrawals.endpoint = :endpoint AND (parked_at IS NOT NULL OR rejected_at IS NOT NULL)
          AND payout NOT IN (SELECT payout FROM foreign_outputs WHERE payout IS NOT NULL)",
    ),
    (
        "textcoin-claimed",
        "SELECT 'textcoin-claimed:' || payout AS cause FROM textcoins
      WHERE endpoint = :endpoint AND (outcome = 'claimed' OR late = 'claim')",
    ),
    (
        "textcoin-taken-back",
        "SELECT 'textcoin-taken-back:' || payout AS cause FROM textcoins
      WHERE endpoint = :endpoint AND outcome = 'taken back'",
    ),
    (
        "textcoin-found",
        "SELECT 'textcoin-found:' || unit || ':' || message_index || ':' || output_index AS cause FROM coins
      WHERE endpoint = :endpoint AND found IS NOT NULL",
    ),
    (
        "unit-settled",
        "SELECT 'unit-settled:' || unit AS cause FROM slots
      JOIN versions ON versions.endpoint = slots.endpoint AND slot = no AND version = winner
      WHERE slots.endpoint = :endpoint AND state = 'settled'",
    ),
    (
        "tps-fee-charged",
        "SELECT 'tps-fee-charged:' || unit AS cause FROM slots
      JOIN versions ON versions.endpoint = slots.endpoint AND slot = no AND version = winner
      WHERE slots.endpoint = :endpoint AND state = 'settled' AND charged_tps_fee > 0",
    ),
    (
        "purchase-refunded",
        "SELECT 'purchase-refunded:' || payout AS cause FROM refunds WHERE endpoint = :endpoint AND claim > 0",
    ),
    (
        "refund-undone",
        "SELECT 'refund-undone:' || payout AS cause FROM refunds
      WHERE endpoint = :endpoint AND claim > 0 AND undone_at IS NOT NULL",
    ),
];
