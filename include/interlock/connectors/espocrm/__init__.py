"""EspoCRM as CRM."""
