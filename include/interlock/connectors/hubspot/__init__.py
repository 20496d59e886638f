"""HubSpot as CRM."""
