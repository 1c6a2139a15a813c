"""Who watched what is illegal: sessions, access logs, tiers, clusters, packs for a jurisdiction.

In come sessions that services and media servers tell, and access logs; out go the viewers of a
case for those who may see them, and packs for authorities that name suspects and count the rest.
"""
