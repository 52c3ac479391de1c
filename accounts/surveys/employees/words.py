"""What is promised to employees, in one place for the page, the mail and the panel."""

PROMISE = (
    "Nobody using kamplan, administrators included, can see or compute which answer is yours."
    " The operator of the database server could while the wave is open."
)
