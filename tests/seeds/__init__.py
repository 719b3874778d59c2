"""The seeds as files that people edit, without a database."""
