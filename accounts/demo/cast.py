"""The demonstration company's people and customers. Every name and figure is made up."""

from typing import NamedTuple

from accounts.people.models import Role

ORGANISATION = "Halden Industriesysteme AG"
DOMAIN = "halden.example"


class Person(NamedTuple):
    name: str
    role: Role
    team: str = ""
    skill: float = 0.0  # chance to win an ordinary deal
    look_at: str = ""

    @property
    def email(self) -> str:
        plain = self.name.lower().translate(PLAIN)
        return f"{plain.replace(' ', '.')}@{DOMAIN}"


PLAIN = str.maketrans("äöüśńéèçøåñął", "aousneecoanal")

SOUTH, ALPINE, NORTH, WEST = (
    "Key Accounts South",
    "Key Accounts Alpine",
    "Key Accounts North",
    "Key Accounts West",
)
TEAMS = {
    SOUTH: ("Sabine Keller", ""),
    ALPINE: ("", SOUTH),
    NORTH: ("Ingrid Solberg", ""),
    WEST: ("Philippe Marchand", ""),
}

JANA, TOMASZ, STEFAN = "Jana Brandt", "Tomasz Wiśniewski", "Stefan Baumann"
RETO, KATHARINA = "Reto Zimmermann", "Katharina Hofer"
MIKAEL, ANNEKE, AINO, PIOTR = "Mikael Lindqvist", "Anneke de Vries", "Aino Laine", "Piotr Zieliński"
CLAIRE, EOIN, REBECCA = "Claire Dubois", "Eoin Gallagher", "Rebecca Stone"
HEAD, LEAVER = "Martin Okonkwo", STEFAN

MANAGER, LEAD = Role.MANAGER, Role.LEAD
PEOPLE = [
    Person(HEAD, Role.HEAD, look_at="company scorecard by team, tier and region; the whole portfolio"),
    Person(
        "Sabine Keller",
        LEAD,
        SOUTH,
        look_at="team scorecard of South with its sub-team Alpine; managers side by side",
    ),
    Person(
        "Ingrid Solberg",
        LEAD,
        NORTH,
        look_at="one account makes most of a manager's figures: Skarvik Energi AB",
    ),
    Person("Philippe Marchand", LEAD, WEST, look_at="a team with new, lost and reactivated accounts"),
    Person(JANA, MANAGER, SOUTH, 0.42, "14 accounts, net revenue retention: two lost, two renewed smaller"),
    Person(TOMASZ, MANAGER, SOUTH, 0.48, "took over accounts from a colleague who left"),
    Person(STEFAN, MANAGER, SOUTH, 0.30),
    Person(RETO, MANAGER, ALPINE, 0.46, "figures in Swiss francs; Helvion Medtech SA was lost and came back"),
    Person(KATHARINA, MANAGER, ALPINE, 0.40, "Officine Bertolani SpA had no owner for some weeks"),
    Person(MIKAEL, MANAGER, NORTH, 0.38, "few accounts, one of them 8 % of the company's revenue"),
    Person(ANNEKE, MANAGER, NORTH, 0.50, "an account that stopped buying without a word"),
    Person(AINO, MANAGER, NORTH, 0.44, "steady growth, a reactivated account, a tier promotion"),
    Person(
        PIOTR, MANAGER, NORTH, 0.36, "changed from West to North a year ago; his old figures stay in West"
    ),
    Person(CLAIRE, MANAGER, WEST, 0.52, "new accounts and cross-selling"),
    Person(EOIN, MANAGER, WEST, 0.35, "sterling and euro; fewer wins, a late return"),
    Person(REBECCA, MANAGER, WEST, 0.45, "US dollars; a contract that lapsed"),
    Person("Leonie Vogt", Role.MARKETING, look_at="all profiles, no contract values"),
    Person("David Lang", Role.VIEWER, look_at="what the head granted: team South and one account of West"),
    Person(
        "Andrea Novak",
        Role.ADMINISTRATOR,
        look_at="users, imports, runs; the admin panel needs two-step login first",
    ),
]
PIOTR_MOVED_MONTH, STEFAN_LEFT_MONTH = -13, -7

REGIONS = {
    "DACH": ("Germany", "Austria", "Switzerland"),
    "Nordics": ("Norway", "Sweden", "Finland", "Denmark"),
    "Western Europe": ("France", "Belgium", "Netherlands"),
    "UK and Ireland": ("United Kingdom", "Ireland"),
    "Southern and Eastern Europe": ("Italy", "Spain", "Poland", "Slovakia"),
    "North America": ("United States",),
}
CURRENCIES = {"Switzerland": "CHF", "United Kingdom": "GBP", "Sweden": "SEK", "United States": "USD"}
TIERS = {"A": 21, "B": 45, "C": 90}
(SHIPS, MACHINES, TRANSPORT, FOOD, INSTRUMENTS, LOGISTICS, ENERGY, FINANCE) = INDUSTRIES = (
    "Shipbuilding equipment",
    "Machinery",
    "Public transport",
    "Food and beverage",
    "Instruments and electronics",
    "Logistics",
    "Energy and mining",
    "Financial services",
)


class Firm(NamedTuple):
    """A customer: `level` is what it buys a year (thousand EUR) when active, `growth` its yearly growth."""

    name: str
    group: str
    city: str
    country: str
    industry: str
    tier: str
    target: bool | None
    owner: str
    level: int
    growth: float

    @property
    def region(self) -> str:
        return next(region for region, countries in REGIONS.items() if self.country in countries)

    @property
    def currency(self) -> str:
        return CURRENCIES.get(self.country, "EUR")

    @property
    def initials(self) -> str:
        words = [word for word in self.name.replace("-", " ").split() if word[0].isupper()]
        return "".join(word[0] for word in words[:3])


NORDLYS, OSTWALD, TATRA, HELVION = (
    "Nordlys Group ASA",
    "Ostwald Holding SE",
    "Tatra Metal Group a.s.",
    "Helvion Holding AG",
)
DONAULAND, BERTOLANI, SKARVIK = "Donauland Agrar AG", "Officine Bertolani SpA", "Skarvik Energi AB"
LAGERBLAD, VANDERMEER, CASTELLANE = "Lagerblad Gruppen AB", "Vandermeer Groep NV", "Castellane Industries SA"
BRYNMOR, CORRIB, PRAIRIE, ALMARZA = (
    "Brynmor Group plc",
    "Corrib Dairy Group plc",
    "Prairie Gate Corporation",
    "Grupo Almarza SA",
)
DE, AT, CH, GB, IE, US = "Germany", "Austria", "Switzerland", "United Kingdom", "Ireland", "United States"
NO, SE, FI, DK, FR, BE, NL = "Norway", "Sweden", "Finland", "Denmark", "France", "Belgium", "Netherlands"
IT, ES, PL, SK = "Italy", "Spain", "Poland", "Slovakia"

FIRMS = [
    # Jana Brandt
    Firm("Nordlys Marine Systems AS", NORDLYS, "Ålesund", NO, SHIPS, "A", True, JANA, 950, 0.06),
    Firm("Fabrikwerk Süd GmbH & Co. KG", "", "Augsburg", DE, MACHINES, "A", True, JANA, 500, 0.12),
    Firm("Aalto Instruments Oy", "", "Tampere", FI, INSTRUMENTS, "A", True, JANA, 400, -0.22),
    Firm("Northwind Foods Inc.", "", "Minneapolis", US, FOOD, "B", True, JANA, 310, 0.10),
    Firm(
        "Kantonale Verkehrsbetriebe Basel-Landschaft AG",
        "",
        "Liestal",
        CH,
        TRANSPORT,
        "B",
        False,
        JANA,
        200,
        -0.25,
    ),
    Firm("Rhein-Maas Logistik SE", "", "Duisburg", DE, LOGISTICS, "B", True, JANA, 260, 0.09),
    Firm("Meridian Bank plc", "", "London", GB, FINANCE, "B", False, JANA, 520, 0.0),
    Firm("Hafenlogistik Bremer Kai AG", "", "Bremen", DE, LOGISTICS, "B", False, JANA, 290, 0.03),
    Firm("Nordlys Offshore AS", NORDLYS, "Stavanger", NO, ENERGY, "B", True, JANA, 225, 0.05),
    Firm("Tessellate Robotics Ltd", "", "Bristol", GB, MACHINES, "C", True, JANA, 165, 0.0),
    Firm("Lumen", "", "Malmö", SE, INSTRUMENTS, "C", False, JANA, 130, 0.15),
    Firm("Nordlys Gulf Coast Inc.", NORDLYS, "Mobile", US, SHIPS, "C", True, JANA, 185, 0.08),
    Firm("Brauhaus Altmühl KG", "", "Eichstätt", DE, FOOD, "C", False, JANA, 120, 0.01),
    Firm(NORDLYS, "", "Oslo", NO, SHIPS, "C", True, JANA, 90, 0.0),
    # Tomasz Wiśniewski
    Firm("Kiruna Gruvteknik och Underhåll AB", NORDLYS, "Kiruna", SE, ENERGY, "B", True, TOMASZ, 330, 0.04),
    Firm(TATRA, "", "Košice", SK, MACHINES, "A", True, TOMASZ, 1570, 0.09),
    Firm("Tatra Valcovna s.r.o.", TATRA, "Žilina", SK, MACHINES, "B", False, TOMASZ, 430, 0.02),
    Firm("Ostwald Antriebstechnik GmbH", OSTWALD, "Schweinfurt", DE, MACHINES, "A", True, TOMASZ, 1820, 0.07),
    Firm(OSTWALD, "", "Regensburg", DE, MACHINES, "C", False, TOMASZ, 180, 0.0),
    # Reto Zimmermann
    Firm(HELVION, "", "Zug", CH, INSTRUMENTS, "C", False, RETO, 240, 0.02),
    Firm("Helvion Präzision AG", HELVION, "Biel", CH, INSTRUMENTS, "A", True, RETO, 1960, 0.05),
    Firm("Helvion Medtech SA", HELVION, "Neuchâtel", CH, INSTRUMENTS, "B", True, RETO, 650, 0.03),
    Firm("Bergbahnen Silvretta-Nord AG", "", "Klosters", CH, TRANSPORT, "C", False, RETO, 340, -0.03),
    Firm("Ostwald Pumpen GmbH", OSTWALD, "Ravensburg", DE, MACHINES, "B", True, RETO, 1050, 0.06),
    # Katharina Hofer
    Firm(DONAULAND, "", "Linz", AT, FOOD, "A", True, KATHARINA, 1370, 0.03),
    Firm("Donauland Mühlen GmbH", DONAULAND, "Krems", AT, FOOD, "B", False, KATHARINA, 460, -0.06),
    Firm("Tauernwerk Stahlbau GmbH", "", "Villach", AT, MACHINES, "A", False, KATHARINA, 1190, -0.02),
    Firm(BERTOLANI, "", "Brescia", IT, MACHINES, "B", True, KATHARINA, 780, 0.04),
    Firm("Bertolani Pompe Srl", BERTOLANI, "Cremona", IT, MACHINES, "C", True, KATHARINA, 410, 0.16),
    # Mikael Lindqvist
    Firm(SKARVIK, "", "Sundsvall", SE, ENERGY, "A", True, MIKAEL, 3940, 0.04),
    Firm("Skarvik Vind AB", SKARVIK, "Härnösand", SE, ENERGY, "B", True, MIKAEL, 690, 0.11),
    Firm("Skarvik Nät AB", SKARVIK, "Umeå", SE, ENERGY, "C", True, MIKAEL, 0, 0.0),
    Firm(LAGERBLAD, "", "Göteborg", SE, TRANSPORT, "B", False, MIKAEL, 550, -0.05),
    Firm("Nordlys Digital AS", NORDLYS, "Oslo", NO, INSTRUMENTS, "C", None, MIKAEL, 0, 0.0),
    # Anneke de Vries
    Firm(VANDERMEER, "", "Antwerp", BE, LOGISTICS, "A", True, ANNEKE, 1650, 0.08),
    Firm("Vandermeer Terminals BV", VANDERMEER, "Rotterdam", NL, LOGISTICS, "B", True, ANNEKE, 980, 0.10),
    Firm("Vandermeer Cold Chain BV", VANDERMEER, "Venlo", NL, FOOD, "C", False, ANNEKE, 330, -0.04),
    Firm("Zuiderhaven Baggerwerken NV", "", "Ghent", BE, SHIPS, "A", True, ANNEKE, 1420, 0.07),
    # Aino Laine
    Firm("Lagerblad Fordon AB", LAGERBLAD, "Västerås", SE, TRANSPORT, "B", True, AINO, 1070, 0.12),
    Firm("Kaskisaari Paperi Oy", "", "Lappeenranta", FI, MACHINES, "A", False, AINO, 1460, 0.03),
    Firm("Storebro Maskin A/S", "", "Odense", DK, MACHINES, "B", False, AINO, 680, 0.02),
    Firm("Saimaa Vessels Oy", "", "Savonlinna", FI, SHIPS, "B", True, AINO, 910, 0.18),
    # Piotr Zieliński
    Firm("Pomorze Dźwigi Sp. z o.o.", "", "Gdańsk", PL, LOGISTICS, "B", True, PIOTR, 760, 0.10),
    Firm("Wielkopolska Mleczarnia SA", "", "Poznań", PL, FOOD, "B", False, PIOTR, 720, 0.01),
    Firm("Vistula Rail SA", "", "Warsaw", PL, TRANSPORT, "A", True, PIOTR, 1510, 0.09),
    Firm("Rügen Fährdienst GmbH", "", "Sassnitz", DE, TRANSPORT, "C", False, PIOTR, 280, 0.0),
    # Claire Dubois
    Firm(CASTELLANE, "", "Lyon", FR, MACHINES, "A", True, CLAIRE, 2100, 0.08),
    Firm("Castellane Robotique SAS", CASTELLANE, "Grenoble", FR, MACHINES, "B", True, CLAIRE, 810, 0.13),
    Firm("Castellane Énergie SAS", CASTELLANE, "Marseille", FR, ENERGY, "C", False, CLAIRE, 300, 0.02),
    Firm("Laiterie du Vercors SAS", "", "Valence", FR, FOOD, "B", False, CLAIRE, 510, 0.10),
    Firm(ALMARZA, "", "Zaragoza", ES, FOOD, "B", True, CLAIRE, 630, 0.09),
    Firm("Almarza Logística SL", ALMARZA, "Valencia", ES, LOGISTICS, "C", True, CLAIRE, 380, 0.10),
    # Eoin Gallagher
    Firm(BRYNMOR, "", "Cardiff", GB, MACHINES, "A", True, EOIN, 1510, -0.04),
    Firm("Brynmor Rail Ltd", BRYNMOR, "Swansea", GB, TRANSPORT, "B", False, EOIN, 880, 0.02),
    Firm("Brynmor Castings Ltd", BRYNMOR, "Newport", GB, MACHINES, "C", False, EOIN, 320, -0.10),
    Firm(CORRIB, "", "Galway", IE, FOOD, "A", True, EOIN, 1390, 0.02),
    Firm("Corrib Ingredients Ltd", CORRIB, "Sligo", IE, FOOD, "C", False, EOIN, 370, 0.0),
    # Rebecca Stone
    Firm(PRAIRIE, "", "Omaha", US, FOOD, "A", True, REBECCA, 2280, 0.05),
    Firm("Prairie Gate Grain LLC", PRAIRIE, "Lincoln", US, FOOD, "B", False, REBECCA, 680, 0.03),
    Firm("Prairie Gate Rail Inc.", PRAIRIE, "Topeka", US, TRANSPORT, "C", False, REBECCA, 390, -0.02),
    Firm("Cascadia Turbine Works Inc.", "", "Tacoma", US, ENERGY, "A", True, REBECCA, 1280, 0.11),
    Firm("Allegheny Valve & Meter Co.", "", "Pittsburgh", US, INSTRUMENTS, "B", False, REBECCA, 520, 0.0),
]

CATALOGUE = {
    "Monitoring": {
        "Remote diagnostics": 4800,
        "Vibration sensors": 320,
        "Pressure sensors": 210,
        "Fleet analytics": 5600,
        "Control cabinet": 7400,
    },
    "Service": {
        "Service contract": 2500,
        "Inspection on site": 1450,
        "Operator training": 980,
        "Emergency call-out": 1900,
        "Calibration": 640,
    },
    "Spare parts": {
        "Bearing set": 860,
        "Seal kit": 145,
        "Gear unit": 5200,
        "Filter cartridge": 78,
        "Pump head": 2350,
    },
    "Retrofit": {
        "Retrofit kit, small": 6900,
        "Retrofit kit, large": 18500,
        "Frequency drive": 3950,
        "Line modernisation": 24000,
        "Energy recovery unit": 15800,
    },
}
