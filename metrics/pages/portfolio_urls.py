"""The portfolio under one name: pages that show figures, and the writes of accounts.portfolio."""

from django.urls import path

from accounts.portfolio.urls import urlpatterns as writes
from metrics.pages import account, portfolio, prediction, quadrant

app_name = "portfolio"
urlpatterns = [
    path("", portfolio.portfolio, name="list"),
    path("quadrant/", quadrant.quadrant, name="quadrant"),
    path("<int:pk>/", account.account_overview, name="account"),
    path("<int:pk>/revenue/", account.account_revenue, name="account_revenue"),
    path("<int:pk>/expected/", prediction.account_prediction, name="account_prediction"),
    *writes,
]
