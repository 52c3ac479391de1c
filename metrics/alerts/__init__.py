"""Early warnings: rules, the records they leave, and what people do about them."""
