"""The parts that several KPIs are made of."""

from metrics.expressions import Flag, Part, is_zero, least
from metrics.sources.contracts import contracts, recurring
from metrics.sources.deals import upsells
from metrics.sources.orders import joined, orders, returned, revenue

TARGET = Flag("is_target")
OTHER = Flag("NOT is_target")

under_contract = contracts.at_start > 0
without_contract = contracts.at_start <= 0
bought_before = orders.t12_before > 0
customer_at_start = contracts.at_start + orders.t12_before > 0
customer_at_end = contracts.at_end + orders.t12 > 0
lost_account = under_contract * (contracts.at_end <= 0) + without_contract * bought_before * (orders.t12 <= 0)

base = Part("base", "customers at the start", customer_at_start)
lost = Part("lost", "of them lost", lost_account)
kept = Part("kept", "of them kept", customer_at_start - lost_account)

# A contract live at the start: recurring amounts at both ends. Else what was bought in 12 months, at both ends.
bought_value = without_contract * (revenue.t12_before.constant > 0)
start = under_contract * recurring.at_start.constant + bought_value * revenue.t12_before.constant
end = under_contract * recurring.at_end.constant + bought_value * revenue.t12.constant
still = least(start, end)
gone = (end <= 0) * (start - still)

start_value = Part("start_value", "at the start", start)
expansion = Part("expansion", "expansion", end - still)
contraction = Part("contraction", "contraction", start - still - gone)
lost_value = Part("lost_value", "lost", gone)
valued = Part("valued", "accounts with revenue at the start", start > 0)

new_customer = joined.now > 0
new = Part("new", "new customers", new_customer)
early_loss = Part("early_loss", "new and lost again", new_customer * is_zero(contracts.at_end + orders.t12))
back = (joined.now <= 0) * (contracts.at_start + orders.t12_before <= 0) * customer_at_end
returned_accounts = Part("returned", "back soon after a loss", back * (returned.now > 0))
reactivated = Part("reactivated", "back after a longer time", back * (returned.now <= 0))
active_end = Part("active_end", "customers at the end", customer_at_end)

revenue_now = Part("revenue_now", "revenue", revenue.now)
orders_now = Part("orders_now", "orders", orders.now)
buyers_now = Part("buyers_now", "accounts with an order", orders.now > 0)
upsold = Part("upsold", "of them with an upsell", customer_at_start * (upsells.now > 0))
