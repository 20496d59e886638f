"""A CRM that speaks HubSpot's dialect on PostgreSQL: a test partner, not a product."""
