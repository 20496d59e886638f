"""VIES, the European Commission's service that asks the VAT registers of the member states."""
