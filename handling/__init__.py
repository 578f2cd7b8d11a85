"""What happens to a tip inside a unit: corridor, desk, guard and exchange over shared rules and stores."""
