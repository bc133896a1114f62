"""Groups of RTF that are no text, by the word that they begin with. Reference: RTF 1.6, destinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Destination = Literal["body", "fonttbl", "colortbl", "cmykcolortbl", "iscolortbl", "nowhere"]
"""Where characters go: to the text, into a table, or nowhere."""
TABLES: Mapping[str, Destination] = {
    "fonttbl": "fonttbl",
    "colortbl": "colortbl",
    "cmykcolortbl": "cmykcolortbl",
    "iscolortbl": "iscolortbl",
}
SKIPPED = frozenset(
    """
    annotation atnauthor atndate aftnsep aftnsepc aftncn atnid atnref atntime atrfend atrfstart author background
    bkmkend bkmkstart blipuid buptim colorschememapping comment company creatim datafield datastore defchp defpap do
    doccomm docvar dptxbxtext ebcend ebcstart expandedcolortbl factoidname falt fchars ffname fileinfo filetbl fldinst
    fldtype fname fontemb fontfile footer footerf footerl footerr footnote formfield ftncn ftnsep ftnsepc generator
    gridtbl header headerf headerl headerr hlinkbase info keycode keywords latentstyles lchars levelnumbers leveltext
    linkval list listlevel listname listoverride listoverridetable listpicture liststylename listtable manager
    mmathpr nesttableprops nextfile nonshppict objalias objclass objdata object objname objsect objtime operator
    panose passwordhash pgdsctbl pgp pgptbl picprop pict pn pnseclvl pntxta pntxtb printim private propname
    protusertbl pxe revtbl revtim rsidtbl rxe shp shpgrp shpinst shppict shprslt shptxt sn sp staticval stylesheet
    subject sv svb tc tcn template themedata title txe ud userprops wgrffmtfilter windowcaption writereservation
    writereservhash xe xmlattrname xmlattrvalue xmlclose xmlname xmlnstbl xmlopen
    """.split()  # noqa: SIM905, a list of a hundred words
)
"""Not among them: `fldrslt`, `listtext` and `pntext`, which are there for readers that know no fields or lists."""
