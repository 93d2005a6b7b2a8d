"""How a stamp is spelled: conventions as data, cards to stamps and stamps to cards. Pure."""
