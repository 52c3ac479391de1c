from django.urls import path

from metrics.pages import (
    board,
    comments,
    comparison,
    explain,
    library,
    moves,
    one_on_one,
    runs,
    scorecards,
    targets,
)

app_name = "metrics"
urlpatterns = [
    path("scorecards/", scorecards.scorecard, name="scorecard"),
    path("scorecards/<slug:scope>/<slug:key>/", scorecards.scorecard_of, name="scorecard_of"),
    path("scorecards/<slug:scope>/<slug:key>/moved/", moves.moves, name="moves"),
    path("scorecards/<slug:scope>/<slug:key>/<slug:kpi>/moved/", moves.moved, name="moved"),
    path("scorecards/<slug:scope>/<slug:key>/<slug:kpi>/", explain.explain, name="explain"),
    path("scorecards/<slug:scope>/<slug:key>/<slug:kpi>/comment/", comments.comment_add, name="comment"),
    path("comments/undo/<str:token>/", comments.comment_undo, name="comment_undo"),
    path("compare/", comparison.comparison, name="comparison"),
    path("compare/<slug:kpi>/", comparison.comparison_of, name="comparison_of"),
    path("targets/", targets.target_list, name="target_list"),
    path("targets/add/", targets.target_add, name="target_add"),
    path("targets/<int:pk>/", targets.target, name="target"),
    path("targets/<int:pk>/edit/", targets.target_edit, name="target_edit"),
    path("targets/<int:pk>/remove/", targets.target_remove, name="target_remove"),
    path("targets/undo/<str:token>/", targets.target_undo, name="target_undo"),
    path("board/", board.board, name="board"),
    path("board/choose/", board.board_choose, name="board_choose"),
    path("one-on-one/<int:manager>/", one_on_one.one_on_one, name="one_on_one"),
    path("kpis/", library.kpi_list, name="kpi_list"),
    path("kpis/<slug:id>/", library.kpi, name="kpi"),
    path("runs/", runs.run_list, name="run_list"),
    path("runs/start/", runs.run_start, name="run_start"),
    path("runs/<int:id>/", runs.run, name="run"),
]
