"""The registry of recipes, and the relations that they read."""

from metrics.recipes import deals, orders, quotas
from metrics.recipes.recipe import Recipe

RECIPES: dict[str, Recipe] = {**deals.RECIPES, **orders.RECIPES, **quotas.RECIPES}
RELATIONS: dict[str, str] = {**deals.RELATIONS, **orders.RELATIONS, **quotas.RELATIONS}
"""What recipes read besides the facts: a run makes each once, a page those that a recipe names."""
