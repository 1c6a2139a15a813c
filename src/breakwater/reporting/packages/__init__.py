"""Evidence packages: gathered from a case, written in a stream, sealed to named keys, receipted."""
