"""The registry of recipes, and the relations that they read."""

from metrics.recipes import deals, engagement, funnel, mix, orders, quotas, value, voice
from metrics.recipes.recipe import Recipe

RECIPES: dict[str, Recipe] = {
    **deals.RECIPES,
    **orders.RECIPES,
    **quotas.RECIPES,
    **engagement.RECIPES,
    **funnel.RECIPES,
    **value.RECIPES,
    **voice.RECIPES,
    **mix.RECIPES,
}
RELATIONS: dict[str, str] = {
    **deals.RELATIONS,
    **orders.RELATIONS,
    **quotas.RELATIONS,
    **engagement.RELATIONS,
    **funnel.RELATIONS,
    **value.RELATIONS,
    **voice.RELATIONS,
}
"""What recipes read besides the facts: a run makes each once, a page those that a recipe names.

Those whose rows have a date hold them since `%(since)s` alone, the first that any of the periods looks at.
"""
