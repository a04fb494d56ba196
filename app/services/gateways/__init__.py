"""Small ports to the outside (card processor, bank, mail) and their local implementations: files in a folder."""
