"""What happened to the demonstration company's customers: the cases that the figures should show.

Months are counted from the current one (0), days from today; both are negative in the past.
"""

from typing import NamedTuple

from accounts.demo.cast import (
    AINO,
    ALMARZA,
    ANNEKE,
    BERTOLANI,
    BRYNMOR,
    CASTELLANE,
    CLAIRE,
    CORRIB,
    DONAULAND,
    EOIN,
    JANA,
    KATHARINA,
    LAGERBLAD,
    MIKAEL,
    OSTWALD,
    PIOTR,
    PRAIRIE,
    RETO,
    SKARVIK,
    STEFAN,
    STEFAN_LEFT_MONTH,
    TATRA,
    TOMASZ,
    VANDERMEER,
)

NEW = {
    "Lumen": -15,
    "Bertolani Pompe Srl": -27,
    "Saimaa Vessels Oy": -20,
    "Pomorze Dźwigi Sp. z o.o.": -10,
    "Laiterie du Vercors SAS": -5,
    "Almarza Logística SL": -8,
}
PROSPECTS = ("Skarvik Nät AB", "Nordlys Digital AS")
# The last month in which a lost customer bought.
LOST = {
    "Meridian Bank plc": -10,
    "Tessellate Robotics Ltd": -2,
    "Prairie Gate Rail Inc.": -7,
    "Rügen Fährdienst GmbH": -26,
    "Brynmor Castings Ltd": -17,
    "Vandermeer Cold Chain BV": -15,
}
# Last month before, and first month after the break.
BREAKS = {
    "Helvion Medtech SA": (-14, -11),
    "Corrib Ingredients Ltd": (-5, -3),
    "Castellane Énergie SAS": (-22, -12),
    "Storebro Maskin A/S": (-30, -11),
}
LATE_RETURNS = ("Helvion Medtech SA", "Corrib Ingredients Ltd")
REACTIVATED = ("Castellane Énergie SAS", "Storebro Maskin A/S")

# How many days ago the customer last took part in a talk; everybody else is spoken to in the rhythm of their tier.
GONE_QUIET = {
    "Aalto Instruments Oy": 44,
    "Corrib Dairy Group plc": 33,
    TATRA: 83,
    "Storebro Maskin A/S": 61,
    "Allegheny Valve & Meter Co.": 121,
    "Castellane Robotique SAS": 93,
}
# Newsletters are not opened any more.
LOOKS_AWAY = ("Aalto Instruments Oy", "Donauland Mühlen GmbH")


class Handover(NamedTuple):
    account: str
    before: str
    month: int
    days_without_owner: int = 0


HANDOVERS = [
    Handover("Hafenlogistik Bremer Kai AG", STEFAN, STEFAN_LEFT_MONTH),
    Handover("Brauhaus Altmühl KG", STEFAN, STEFAN_LEFT_MONTH),
    Handover("Rhein-Maas Logistik SE", STEFAN, STEFAN_LEFT_MONTH),
    Handover("Tatra Valcovna s.r.o.", STEFAN, STEFAN_LEFT_MONTH),
    Handover(OSTWALD, STEFAN, STEFAN_LEFT_MONTH),
    Handover(BERTOLANI, STEFAN, STEFAN_LEFT_MONTH, days_without_owner=37),
    Handover("Kiruna Gruvteknik och Underhåll AB", JANA, -1),
    Handover("Castellane Robotique SAS", PIOTR, -13),
    Handover("Corrib Ingredients Ltd", PIOTR, -13),
    Handover("Vistula Rail SA", AINO, -13),
    Handover("Wielkopolska Mleczarnia SA", MIKAEL, -13),
    Handover("Rügen Fährdienst GmbH", ANNEKE, -13),
    Handover("Nordlys Offshore AS", MIKAEL, -30),
    Handover("Fabrikwerk Süd GmbH & Co. KG", STEFAN, -25),
    Handover("Helvion Medtech SA", KATHARINA, -18),
    Handover("Zuiderhaven Baggerwerken NV", CLAIRE, -22),
    Handover("Prairie Gate Grain LLC", EOIN, -28),
    Handover("Allegheny Valve & Meter Co.", EOIN, -16),
    Handover("Lagerblad Fordon AB", MIKAEL, -21),
    Handover(DONAULAND, RETO, -24),
    Handover(ALMARZA, EOIN, -11),
]

DEPUTIES = {
    "Nordlys Marine Systems AS": TOMASZ,
    "Fabrikwerk Süd GmbH & Co. KG": TOMASZ,
    "Aalto Instruments Oy": TOMASZ,
    TATRA: JANA,
    "Ostwald Antriebstechnik GmbH": JANA,
    "Helvion Präzision AG": KATHARINA,
    "Ostwald Pumpen GmbH": KATHARINA,
    DONAULAND: RETO,
    "Tauernwerk Stahlbau GmbH": RETO,
    SKARVIK: AINO,
    "Skarvik Vind AB": ANNEKE,
    VANDERMEER: MIKAEL,
    "Zuiderhaven Baggerwerken NV": PIOTR,
    "Kaskisaari Paperi Oy": MIKAEL,
    "Vistula Rail SA": ANNEKE,
    CASTELLANE: EOIN,
    BRYNMOR: CLAIRE,
    PRAIRIE: EOIN,
    "Cascadia Turbine Works Inc.": CLAIRE,
}
HEAD_SPONSORS = (SKARVIK, CASTELLANE, PRAIRIE, "Nordlys Marine Systems AS", "Helvion Präzision AG")
LEAD_SPONSORS = ("Fabrikwerk Süd GmbH & Co. KG", TATRA, VANDERMEER, BRYNMOR, CORRIB, "Vistula Rail SA")

# (tier before, month from which today's tier holds)
TIER_CHANGES = {
    "Vistula Rail SA": ("B", -14),
    "Cascadia Turbine Works Inc.": ("B", -23),
    "Zuiderhaven Baggerwerken NV": ("B", -16),
    "Lagerblad Fordon AB": ("C", -19),
    ALMARZA: ("C", -7),
    BERTOLANI: ("C", -26),
    "Kantonale Verkehrsbetriebe Basel-Landschaft AG": ("A", -6),
    LAGERBLAD: ("A", -20),
}
TARGET_SINCE = {"Skarvik Vind AB": -9, "Bertolani Pompe Srl": -20, "Castellane Robotique SAS": -12}


class Agreement(NamedTuple):
    """One contract with its terms: the newest one, and by which share each renewal raised the value.

    `value` is the newest term's, in thousand EUR a year; `cut` what that term is of the one before.
    """

    account: str
    value: float
    months: int = 12
    notice_in: int | None = None  # days from today; the term ends some 90 days after it
    ended: int | None = None  # month whose last day was the last
    outcome: str = "open"
    uplift: float = 0.03
    cut: float = 1.0
    pending: bool = False  # ended some days ago, undecided, in the days of grace
    days_late: int = 0  # the newest term began so many days after the one before
    renewed_early: bool = False
    first_month: int | None = None  # no term before this month
    title: str = "Service contract"


AGREEMENTS = [
    # Jana Brandt: six due in twelve months, two of them lost
    Agreement("Nordlys Marine Systems AS", 874, 24, 70, uplift=0.06, title="Framework agreement"),
    Agreement("Fabrikwerk Süd GmbH & Co. KG", 412, 12, 8, uplift=0.09, title="Framework agreement"),
    Agreement("Aalto Instruments Oy", 318, 12, 206, cut=0.5, title="Framework agreement"),
    Agreement("Northwind Foods Inc.", 210, 12, 220, uplift=0.07),
    Agreement("Kantonale Verkehrsbetriebe Basel-Landschaft AG", 113, 12, 130, cut=0.72),
    Agreement(
        "Kantonale Verkehrsbetriebe Basel-Landschaft AG", 66, 24, ended=-5, outcome="lost", title="Depots"
    ),
    Agreement("Meridian Bank plc", 430, 12, ended=-10, outcome="lost", title="Data centre cooling"),
    Agreement("Tessellate Robotics Ltd", 142, 24, ended=-2, outcome="lost"),
    Agreement("Nordlys Offshore AS", 118, 36, 310),
    # Tomasz Wiśniewski
    Agreement(TATRA, 640, 24, 155, uplift=0.05, title="Framework agreement"),
    Agreement("Ostwald Antriebstechnik GmbH", 720, 12, 96, uplift=0.04, title="Framework agreement"),
    Agreement("Kiruna Gruvteknik och Underhåll AB", 140, 12, 200, uplift=0.05),
    # Alpine
    Agreement("Helvion Präzision AG", 900, 36, 172, uplift=0.05, title="Framework agreement"),
    Agreement("Helvion Medtech SA", 300, 24, ended=-14, outcome="lost"),
    Agreement("Helvion Medtech SA", 285, 24, first_month=-11),
    Agreement("Bergbahnen Silvretta-Nord AG", 96, 12, 44, uplift=0.0),
    Agreement("Ostwald Pumpen GmbH", 310, 12, 21, uplift=0.06),
    Agreement(DONAULAND, 460, 12, 188, uplift=0.02),
    Agreement("Donauland Mühlen GmbH", 120, 12, 190, cut=0.8),
    Agreement("Tauernwerk Stahlbau GmbH", 380, 24, 118, cut=0.9, title="Framework agreement"),
    Agreement(BERTOLANI, 220, 12, 205, days_late=9),
    # North
    Agreement(SKARVIK, 900, 36, 410, uplift=0.08, title="Framework agreement"),
    Agreement(SKARVIK, 350, 12, 140, uplift=0.04, title="Hydro stations"),
    Agreement("Skarvik Vind AB", 230, 12, 215, uplift=0.1),
    Agreement(VANDERMEER, 540, 12, 61, uplift=0.05, title="Framework agreement"),
    Agreement("Vandermeer Terminals BV", 260, 24, 320, uplift=0.07),
    Agreement("Lagerblad Fordon AB", 330, 12, 225, uplift=0.1),
    Agreement("Kaskisaari Paperi Oy", 480, 12, 165, uplift=0.03),
    Agreement("Vistula Rail SA", 520, 24, 214, uplift=0.08, title="Framework agreement"),
    Agreement("Rügen Fährdienst GmbH", 84, 12, ended=-26, outcome="lapsed"),
    # West
    Agreement(CASTELLANE, 760, 12, 105, uplift=0.06, renewed_early=True, title="Framework agreement"),
    Agreement("Castellane Énergie SAS", 110, 12, ended=-22, outcome="lost"),
    Agreement("Castellane Énergie SAS", 90, 24, first_month=-12),
    Agreement(BRYNMOR, 560, 12, 175, cut=0.85, title="Framework agreement"),
    Agreement("Brynmor Rail Ltd", 240, 12, pending=True, uplift=0.02),
    Agreement(CORRIB, 430, 24, 127, uplift=0.03),
    Agreement("Corrib Ingredients Ltd", 105, 12, ended=-5, outcome="lost"),
    Agreement("Corrib Ingredients Ltd", 98, 12, first_month=-3),
    Agreement(PRAIRIE, 820, 24, 340, uplift=0.05, title="Framework agreement"),
    Agreement(PRAIRIE, 160, 12, 84, uplift=0.03, title="Remote diagnostics"),
    Agreement("Prairie Gate Rail Inc.", 150, 12, ended=-7, outcome="lapsed"),
    Agreement("Cascadia Turbine Works Inc.", 410, 12, 150, uplift=0.09),
]

FUNNEL = ("Identified", "Engaged", "Opportunity", "Customer", "Expanding")
STAGES = (
    # name, qualified, probability
    ("Inquiry", False, "0.1000"),
    ("Qualified", True, "0.2500"),
    ("Solution agreed", True, "0.4500"),
    ("Offer", True, "0.6500"),
    ("Negotiation", True, "0.8500"),
)
