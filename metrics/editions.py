"""Definitions that were written anew, for speed or clarity, and count exactly as before.

Whether a number counts otherwise than in an earlier run is told by its text. A text that was only rewritten is entered
here with the version that it goes on as, once a rebuild over real data changed no figure; then pages go on comparing.
"""

SAME_AS = {
    "5ac514ab218e": "b288a8d9952a",  # revenue_concentration
    "ef2397d3e8c3": "c2edbf209a7d",  # median_deal_size
    "c7fb695714da": "5ececd42b5e3",  # sales_cycle_median
    "b46273a81e1b": "029d1aa854e9",  # pipeline_coverage
    "934ea4f84785": "5189179bf176",  # quota_attainment
    "1c339b3caae0": "61570a15f3df",  # whitespace_share
    "99d746c9636a": "3e9b1ebf72a5",  # progression_rate
    "7c3e42f1b583": "ac120cf1ba8f",  # deal_velocity
    "ffa4e027a3d4": "ca387d561951",  # forecast_wape
    "2d0c7087ace8": "2ee61150d257",  # forecast_bias
    "96ecb6c302e5": "358f8dec7801",  # lead_conversion
    "b5c196d9c449": "ded915ea2f53",  # mql_to_sql
    "7983b2d7e1ef": "d8ee4dc46d6b",  # sql_to_won
    "ae4a22c6ea03": "4a2a98ec7fba",  # cohort_maturity
    "2afe71849168": "9463551e091c",  # engagement_band
    "c9ad42bd8bd2": "1a3228fe3165",  # interaction_gap
    "c46afbdbbea7": "546327c68ac0",  # interaction_gap_longest
    "e69b35b2199f": "09cf13d59635",  # first_response_time
    "6d3549cf7d24": "686e62e04585",  # resolution_time
    "736181390ed2": "e71187f0585c",  # internal_request_time
    "c9e91f323276": "8647aad37cbc",  # touches_inbound
    "671f1aca5863": "adc17ea24ce2",  # touches_outbound
    "efa480ebc915": "a158ac815078",  # inbound_share
    "1d376329dc9a": "63532ca1436a",  # time_with_customer
    "6b933095c9e4": "6e12563b61ae",  # outreach_reach
    "8ad209e40770": "ced68265a9cd",  # acquisition_rate
    "385053ef3d7a": "e89270413efc",  # touches_to_closure
    "770c928415e8": "e6bb73d72bdd",  # touches_to_closure_median
    "c38fd91348b5": "20a295732adb",  # touches_per_win
    "314da95073ec": "88fe954d29ea",  # ideal_touches
    "d7b96f860854": "087a61b0c1ba",  # email_open_rate
    "2ac7ae594772": "6fddebeae4f1",  # email_response_rate
    "e6ceccdf6984": "7f27b8670462",  # event_participation_rate
    "fdf34f0a03e7": "745a06f21419",  # effort
    "41a24809e96b": "186e4fb5471a",  # effort_share
    "10fa48eb3e51": "63324b9bc510",  # churn_reason_mix
    "ea0d0ab5124c": "36a452b8e981",  # outcome_discrepancy
    "58742a1285ad": "0f0db832016e",  # icp_fit
    "985e2fbf97a6": "8fe681a6a3f6",  # growth_potential
    "54686d359118": "539c761ba129",  # potential_share
    "41e2224f99c1": "d6df44a534e7",  # health_score
    "7f06438acbd8": "aa2ae2be0ad4",  # data_completeness
    "26973fb05922": "19e9afdfd23a",  # meaningful_engagement
}
"""The digest of a text of today, and the version under which runs know it."""

MENDED = 2
"""Raised where a fault was mended by which runs stored wrong figures: the next run makes all of them again."""
