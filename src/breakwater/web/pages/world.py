"""A schematic map of the world: one tile of the same size for each country, by where it lies.

Made from the countries' approximate middles; our own, of no map's outline. Small countries are seen
as well as large ones, and none is nearer to another than on the globe. Read by `read_viewers`;
`tests/unit/test_viewers_page.py` holds it complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

_GRID: Final = """
.. .. .. .. .. .. .. .. .. GL .. .. .. .. .. .. SJ .. .. .. .. .. .. .. .. .. .. .. .. ..
.. .. .. CA .. .. .. .. .. .. IS FO IM NL NO SE LV FI .. .. .. .. .. RU .. .. .. .. .. ..
.. .. .. .. .. .. .. .. .. .. .. IE GB BE DK AX LT EE BY .. .. .. .. .. .. .. .. .. .. ..
.. .. .. .. .. .. .. .. PM .. .. GG JE LU DE CZ PL RO UA .. .. .. KZ .. MN .. .. .. .. ..
.. .. .. .. .. .. .. .. .. .. ES FR CH LI AT SK HU RS MD GE AZ UZ TJ KG .. .. KP .. .. ..
.. .. .. .. US .. BM .. .. .. PT AD MC SM SI HR BA MK BG TR AM TM AF .. CN .. KR JP .. ..
.. .. .. .. .. BS .. VG .. .. GI MA DZ VA IT ME XK GR CY LB SY IR PK NP BT MO .. .. .. ..
.. .. .. MX KY CU TC VI AI .. EH MR .. TN MT LY AL EG PS JO IQ KW QA BD MM HK TW .. UM ..
.. .. .. BZ JM HT DO MF BL AG CV .. ML NE .. .. .. .. IL SA BH AE OM IN LA VN .. .. .. ..
.. .. .. GT HN NI PR SX KN GP GM SN BF .. .. TD .. .. SD ER YE .. .. .. TH PH GU MP .. ..
.. .. .. SV CR AW MS DM LC MQ GW GN GH BJ NG .. .. .. SS DJ .. .. .. .. KH .. .. .. MH ..
.. .. .. .. PA CW BQ GD VC BB SL LR CI TG CM .. CF RW UG ET SO .. MV LK MY BN PW .. FM ..
WF TK .. .. EC CO VE TT GY SR GF .. ST GQ GA CG CD BI TZ KE KM SC .. .. SG ID .. PG NR KI
WS AS .. .. .. PE .. .. BR .. .. .. .. .. .. AO .. .. ZM MW YT .. IO .. CC CX TL SB VU TV
TO NU PF .. .. .. BO .. .. .. .. SH .. .. .. .. BW .. ZW MZ MG MU .. .. .. .. .. .. NC FJ
.. CK PN .. .. .. CL .. PY .. .. .. .. .. .. NA ZA LS SZ .. .. RE .. .. .. .. AU .. NF ..
.. .. .. .. .. .. .. AR UY .. .. .. .. .. .. .. .. .. .. .. .. .. TF .. .. .. .. .. .. NZ
.. .. .. .. .. .. .. .. FK GS .. .. .. BV .. .. .. .. .. .. .. .. HM .. .. .. .. .. .. ..
.. .. .. .. .. .. .. .. .. .. .. .. .. .. AQ .. .. .. .. .. .. .. .. .. .. .. .. .. .. ..
"""
PLACES: Final[Mapping[str, tuple[int, int]]] = {
    code: (column, row)
    for row, line in enumerate(_GRID.split("\n")[1:-1])
    for column, code in enumerate(line.split())
    if code != ".."
}
"""Column and row of each country's tile."""
COLUMNS: Final = 1 + max(column for column, _ in PLACES.values())
ROWS: Final = 1 + max(row for _, row in PLACES.values())
SIDE: Final = 20
"""Units from one tile to the next."""


def outline() -> str:
    """All tiles as one short path of dashes, to be drawn with a stroke as wide as a tile."""
    rows: dict[int, list[int]] = {}
    for column, row in sorted(PLACES.values()):
        rows.setdefault(row, []).append(column)
    path = []
    for row, columns in sorted(rows.items()):
        path.append(f"M{columns[0] * SIDE + 1} {row * SIDE + SIDE // 2}h18")
        path += [f"m{(b - a) * SIDE - 18} 0h18" for a, b in pairwise(columns)]
    return "".join(path)
