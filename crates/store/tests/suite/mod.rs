//! What every backend of the store must do, whatever it is made of.
//!
//! A backend implements [`Backend`] and expands all behaviours with [`behaviours!`]; each is a test of its
//! own, on a fresh database.

pub(crate) mod book;
pub(crate) mod corrections;
pub(crate) mod deposits;
pub(crate) mod finding;
pub(crate) mod invariants;
pub(crate) mod keeping;
pub(crate) mod life;
pub(crate) mod limits;
pub(crate) mod line;
pub(crate) mod mails;
pub(crate) mod model;
pub(crate) mod operations;
pub(crate) mod partners;
pub(crate) mod periods;
pub(crate) mod purchases;
pub(crate) mod receiving;
pub(crate) mod refunds;
pub(crate) mod restoring;
pub(crate) mod review;
pub(crate) mod rulebook;
pub(crate) mod textcoins;
pub(crate) mod undelivered;
pub(crate) mod units;
pub(crate) mod withdrawals;
pub(crate) mod world;

use std::sync::Arc;

use store::{Endpoint, Store};

/// A database that goes away with this value.
pub(crate) trait Backend {
    /// An empty one.
    fn fresh() -> Self;

    /// Opens it, again if it was open before.
    fn open(&self) -> Arc<dyn Store>;

    /// The lock on an endpoint is lost without its holder noticing, as on a network share.
    fn lose_lock(&self, endpoint: Endpoint);
}

/// Makes a test of each behaviour.
macro_rules! behaviours {
    ($backend:ty; $($module:ident: $($name:ident),+;)+) => {
        $(mod $module {
            $(#[tokio::test]
            async fn $name() {
                $crate::suite::$module::$name(&<$backend as $crate::suite::Backend>::fresh()).await;
            })+
        })+
    };
    ($backend:ty) => {
        $crate::suite::behaviours! {
            $backend;
            partners:
                a_partner_is_found_with_its_keys,
                a_name_is_given_once,
                a_key_is_known_once,
                what_is_disabled_stays_so,
                customers_are_written_to_in_the_language_that_was_said_last,
                a_partner_is_told_where_it_has_said_last,
                what_does_not_exist_is_unknown;
            purchases:
                an_accepted_purchase_is_remembered_whole,
                the_same_purchase_again_is_a_replay,
                equal_purchases_at_once_pay_once,
                another_value_is_a_conflict_that_names_the_field,
                what_is_not_a_term_may_differ,
                an_order_id_is_unique_per_partner_merchant_and_endpoint,
                identities_are_compared_by_their_bytes,
                a_fund_too_low_refuses_and_leaves_nothing,
                a_deposit_too_low_refuses_and_leaves_nothing,
                a_refused_order_id_stays_free,
                the_fund_is_never_promised_twice,
                a_purchase_without_cashback_is_not_accepted,
                an_unknown_partner_accepts_nothing,
                a_text_with_nul_is_refused,
                the_prices_used_last_are_those_that_sources_told;
            review:
                a_held_order_is_accepted_and_not_queued,
                what_a_held_order_is_owed_stays_set_aside,
                a_released_order_is_queued_as_it_was_accepted,
                a_rejected_order_is_never_paid_and_its_shares_return,
                only_a_held_order_is_released_or_rejected,
                of_a_release_and_a_rejection_at_once_one_is_done,
                a_held_payout_goes_into_no_slot,
                a_payer_is_told_of_a_release_until_it_has_taken_it_up;
            deposits:
                what_comes_to_a_deposit_address_is_the_partners,
                the_same_output_is_a_deposit_once,
                without_a_fund_a_deposit_pays_for_being_moved,
                a_partner_without_an_address_gets_the_next_one,
                an_address_is_given_once_and_for_ever;
            restoring:
                a_restore_is_remembered_until_it_ends,
                the_first_unit_of_an_address_is_the_one_that_came_first,
                what_waits_and_may_have_been_paid_is_held,
                an_order_that_comes_later_is_held_too_until_one_is_explained,
                what_no_unit_can_have_paid_returns_when_it_is_rejected,
                what_was_paid_elsewhere_counts_and_can_be_returned,
                what_is_missing_is_made_up_for_by_what_was_paid_and_by_the_fund,
                nothing_that_is_found_can_be_promised_before_all_is_known,
                while_bytes_are_missing_the_fund_gives_nothing,
                fees_of_moving_coins_may_exceed_the_fund,
                the_end_of_the_line_may_be_lost_and_the_line_begins_anew,
                a_slot_dies_with_an_anchor_that_is_lost,
                only_what_is_free_is_lost_and_once,
                a_unit_of_the_journal_is_not_foreign;
            textcoins:
                a_mailbox_is_owed_a_textcoin_that_gets_its_number_with_its_first_slot,
                what_a_textcoin_holds_is_out_until_it_is_claimed,
                the_number_stays_with_a_payout_that_returns_to_the_queue,
                no_number_is_given_twice_or_changed,
                a_wallet_address_never_becomes_a_textcoin,
                a_mailbox_whose_wallet_is_attested_is_paid_there,
                what_is_attested_does_not_change_where_an_address_is_paid,
                a_textcoin_is_found_by_its_number_once_a_hub_has_accepted_it,
                a_restore_begins_another_generation_and_older_numbers_are_given_anew,
                a_textcoin_is_held_when_a_lost_unit_may_have_paid_it,
                a_mailbox_is_told_its_unit_like_any_other;
            mails:
                a_mail_is_owed_once_a_hub_has_accepted_the_unit,
                a_mail_is_there_if_only_the_proof_tells_of_the_unit,
                a_textcoin_in_several_versions_gets_one_mail,
                a_mail_that_was_taken_is_taken_again_only_after_its_lease,
                what_became_of_a_mail_is_kept,
                a_mail_that_comes_back_was_not_tried,
                an_old_try_changes_nothing_but_that_it_was_sent,
                a_mail_is_given_up_with_its_textcoin,
                reminders_come_on_their_days_and_never_after_the_end,
                of_reminders_missed_only_the_newest_comes,
                nobody_is_reminded_before_the_first_mail_was_sent,
                what_is_taken_back_early_gets_no_mail,
                what_is_no_longer_needed_is_not_sent_though_it_was_taken,
                who_claims_is_not_reminded,
                a_mail_is_sent_once_more_within_limits,
                a_textcoin_given_anew_gets_a_mail_of_its_own;
            undelivered:
                what_is_refused_or_given_up_is_told_once,
                nobody_is_told_where_nothing_is_left_to_mend,
                a_reminder_that_is_given_up_tells_nothing,
                a_mail_that_is_refused_again_is_told_again,
                one_partner_does_not_keep_others_waiting;
            keeping:
                a_textcoin_is_open_once_its_unit_is_proven_until_it_ends,
                only_textcoins_of_later_slots_are_told_again,
                a_claim_that_is_seen_is_kept_while_it_lasts,
                a_claim_is_booked_once_and_is_for_ever,
                what_comes_back_returns_to_those_who_gave,
                what_a_partner_owes_is_settled_first_by_what_comes_back,
                a_return_that_was_charged_is_undone_when_the_textcoin_comes_back,
                what_came_back_counts_for_no_limit,
                a_sweep_is_kept_only_as_it_must_be,
                two_versions_of_a_sweep_are_kept_and_one_comes_back,
                nothing_is_both_claimed_and_taken_back,
                an_operator_may_want_a_textcoin_back_before_its_time,
                who_lost_the_right_to_pay_keeps_no_sweep,
                what_a_lost_database_has_taken_back_returns_to_those_who_gave,
                who_claims_and_sends_a_part_back_has_claimed_it,
                an_audit_compares_those_that_ended_since_the_last;
            finding:
                textcoins_of_lost_units_are_found_by_their_numbers_once,
                nothing_is_searched_before_there_is_something_to_find,
                what_this_database_gives_is_not_searched_and_what_is_behind_it_is,
                after_another_restore_all_generations_are_searched_again,
                who_lost_the_right_to_pay_finds_nothing,
                what_comes_back_of_a_found_one_is_the_funds,
                a_claim_of_a_found_one_books_nothing_and_is_for_ever,
                a_found_one_is_taken_back_only_by_a_unit_as_it_must_be,
                the_partner_of_an_order_that_counts_as_paid_by_it_gets_its_share,
                what_came_back_has_paid_nobody,
                what_a_lost_database_has_taken_back_is_no_top_up,
                a_part_that_comes_is_a_top_up,
                an_operator_may_want_a_found_one_back_before_its_time,
                an_audit_compares_found_ones_too;
            corrections:
                what_came_back_is_owed_anew_to_the_right_mailbox,
                what_is_set_aside_for_fees_is_what_they_may_cost_now,
                nothing_is_given_anew_before_all_is_proven_taken_back,
                a_claim_that_comes_first_ends_the_correction,
                a_payer_is_told_of_it_until_it_has_taken_it_up,
                what_is_repeated_changes_nothing,
                a_correction_that_waits_can_be_mended,
                a_correction_that_was_done_can_be_corrected,
                only_what_somebody_has_and_nobody_claimed_is_corrected,
                what_nobody_claimed_in_time_can_still_be_corrected,
                what_fund_or_deposit_lack_is_waited_for,
                a_partner_corrects_nothing_beyond_the_limits_of_recipients,
                what_is_given_anew_passes_no_limit_of_partners_or_of_the_fund,
                a_mailbox_by_another_name_of_it_has_the_same_limit,
                what_is_given_anew_counts_for_its_new_recipient,
                a_purchase_that_is_returned_is_not_given_anew,
                a_return_that_comes_while_nothing_is_out_ends_the_correction,
                a_return_after_the_correction_concerns_what_was_given_anew,
                what_a_lost_unit_may_have_given_is_held,
                what_was_owed_anew_when_a_database_was_lost_is_held,
                a_payout_that_is_rejected_is_not_given_anew,
                what_is_being_corrected_gets_no_other_mail,
                who_lost_the_right_to_pay_gives_nothing_anew;
            rulebook:
                rules_that_change_get_a_number_and_the_old_ones_stay,
                a_purchase_keeps_its_rules_and_its_explanation,
                an_explanation_by_unknown_rules_is_not_kept,
                the_newest_terms_of_a_partner_hold_and_the_old_ones_stay;
            limits:
                a_limit_stops_what_would_pass_it_and_leaves_nothing,
                each_scope_has_a_limit_of_its_own,
                guests_have_no_limit_together,
                what_a_limit_holds_counts_once_it_is_released,
                what_is_never_paid_counts_no_more,
                a_partner_and_its_merchants_have_limits_of_their_own,
                what_is_finished_lets_a_new_partner_grow,
                the_reserve_of_the_fund_is_never_given,
                a_sale_out_of_all_proportion_is_refused,
                a_clock_that_goes_back_over_midnight_begins_no_day_anew,
                the_turnover_of_a_shop_is_told_from_a_day_on,
                a_merchant_is_listed_with_its_first_purchase,
                nothing_is_accepted_for_a_blocked_merchant,
                in_any_order_of_requests_no_limit_is_passed,
                the_order_of_requests_changes_no_total;
            periods:
                shares_fall_with_what_the_shop_has_sold,
                purchases_at_once_are_quoted_one_behind_the_other,
                what_gets_nothing_by_the_period_leaves_nothing,
                each_shop_and_each_day_counts_for_itself;
            book:
                a_deposit_is_booked_from_the_fund,
                the_same_command_books_once,
                a_deposit_beyond_the_fund_is_refused,
                each_endpoint_has_a_book_of_its_own,
                entries_come_in_pages,
                a_coin_is_credited_once,
                a_statement_leads_from_opening_to_closing;
            refunds:
                what_the_fund_gave_is_charged_and_the_partners_own_share_stays_given,
                what_a_deposit_lacks_is_owed_and_the_next_deposits_settle_it,
                a_second_refund_changes_nothing_and_says_the_same,
                a_part_that_was_returned_is_charged_in_proportion,
                what_was_not_bought_so_cannot_be_returned,
                a_payout_given_up_takes_its_refund_back,
                a_share_that_returns_settles_first_what_its_partner_owes,
                a_held_order_can_be_returned_and_a_rejection_takes_that_back,
                nobody_returns_the_order_of_another,
                random_lives_keep_the_books;
            receiving:
                a_unit_proves_one_purchase,
                of_purchases_at_once_one_has_the_unit,
                an_order_that_is_refused_leaves_its_unit_free,
                money_that_was_forwarded_counts_once,
                a_parked_payout_gives_its_unit_back,
                a_rejected_order_gives_its_unit_back,
                each_endpoint_of_a_partner_has_receiving_addresses;
            withdrawals:
                a_withdrawn_deposit_is_owed_until_it_is_paid,
                the_same_withdrawal_again_changes_nothing,
                what_cannot_be_withdrawn_is_refused_and_leaves_its_id_free,
                the_address_of_change_that_is_not_spent_is_ones_own,
                fees_that_the_fund_lacks_refuse_a_withdrawal,
                a_partner_cannot_withdraw_what_it_owes,
                a_withdrawal_to_an_agent_returns_and_its_id_stays_claimed,
                a_payer_is_told_of_a_withdrawal_until_it_has_taken_it_up,
                addresses_are_kept_with_their_time,
                a_withdrawal_that_may_have_been_paid_is_held,
                a_withdrawal_that_no_unit_can_have_paid_returns_when_it_is_rejected,
                withdrawals_at_once_never_overdraw,
                random_lives_of_withdrawals_keep_the_books;
            line:
                a_payout_goes_from_the_queue_to_final,
                a_parked_payout_is_never_paid_and_its_shares_return,
                a_payout_in_a_slot_cannot_be_parked,
                what_was_set_aside_of_a_coin_pays_for_spending_it,
                the_line_may_move_to_another_address,
                what_is_kept_for_the_slot_behind_is_released_with_it,
                a_settlement_moves_the_money,
                a_payout_only_in_a_losing_version_is_owed_again,
                a_slot_on_a_losing_change_dies_with_it,
                a_slot_on_a_unit_proven_bad_dies_with_it,
                the_unit_answered_is_the_first_accepted_that_lives,
                one_process_pays_at_a_time,
                a_change_refused_undoes_those_before_it,
                fees_never_take_the_fund_below_zero;
            invariants:
                slots_and_versions_have_no_gaps,
                every_version_spends_the_anchor,
                an_anchor_must_be_the_end_of_the_line,
                a_payout_is_in_one_slot_only,
                a_payout_is_paid_as_it_was_accepted,
                a_coin_is_spent_by_one_slot_only,
                an_output_pays_one_payout,
                amounts_add_up,
                a_unit_is_what_its_version_claims,
                a_unit_is_journaled_once,
                what_is_proven_is_for_ever,
                a_settlement_parts_all_payouts,
                a_slot_dies_only_with_its_anchor,
                own_change_is_not_credited;
            life:
                an_endpoint_is_bound_to_one_network_and_wallet,
                everything_is_there_after_opening_again,
                a_failing_change_among_many_fails_alone;
            operations:
                a_pause_lasts_until_it_is_ended,
                a_wish_waits_until_it_is_obeyed,
                the_last_answers_to_a_version_are_kept,
                a_slot_is_shown_with_all_its_versions,
                a_slot_is_found_by_its_units_payouts_and_orders,
                the_overview_says_how_things_stand,
                what_a_payer_says_of_itself_is_told,
                who_lost_the_right_to_pay_keeps_nothing;
            model:
                random_lives_agree_with_the_model;
        }
    };
}

pub(crate) use behaviours;
