"""The form asks about a likely typo only: a question about an existing domain would cost signers."""

import pytest

from letters.shared.address_typos import PROVIDERS, likely_meant
from letters.shared.domains import PRIVATE, PRIVATE_ABROAD

SLIPS = {
    "gmail.com": "gmial.com gmai.com gmaill.com gmal.com gamil.com gnail.com gmaik.com gmaul.com gmail.con gmail.co "
    "gmail.cm gmail.om gmail.comm gmail.cpm gmail.vom gmail.xom gmail.cim gmail.ocm gmail.cmo gmil.com gmali.com",
    "googlemail.com": "googelmail.com googlemial.com googlemai.com googlmail.com googlemail.con",
    "hotmail.com": "hotmial.com hotmai.com hotmal.com hotmaill.com hormail.com hotnail.com hotmail.con hotmsil.com "
    "hotmali.com homtail.com htomail.com",
    "outlook.com": "outlok.com outloo.com otulook.com outloook.com outlook.con outllook.com outlool.com oulook.com",
    "yahoo.com": "yaho.com yahooo.com yhoo.com yahoo.con yaoho.com yhaoo.com yajoo.com yahoo.cm",
    "icloud.com": "icoud.com iclod.com iclou.com icluod.com icloud.con icloude.com iclould.com",
    "protonmail.com": "protonmial.com protonmai.com protomail.com protonmail.con prtonmail.com",
    "t-online.de": "t-onlin.de t-onlien.de t-onliine.de t-oline.de",
    "libero.it": "libeor.it liibero.it lbero.it",
    "comcast.net": "comcas.net comcats.net comcast.ent",
    "gmx.de": "gmx.dee",
    "gmx.com": "gmx.con",
    "web.de": "web.dee",
    "aol.com": "aol.con",
}
# Each exists, and people have mailboxes there.
REAL = """
gmx.at gmx.ch gmx.eu gmx.org gmx.info gmx.us gmx.fr gmx.es gmx.co.uk gmx.biz gmx.li mx.de gm.de web.de we.de wev.de
mail.com email.com ymail.com fmail.com qmail.com zmail.com jmail.com amail.com tmail.com imail.com hmail.com
xmail.com rocketmail.com myyahoo.com yahoo.de yahoo.es yahoo.ca yahoo.com.br yahoo.co.in yahoo.co.jp yahoo.in
yahoo.gr yahoo.ro proton.me protonmail.com protonmail.ch pm.me photon.me proto.org hey.com he.com heh.com duck.com
duct.com hotmail.de hotmail.es hotmail.co.uk hotmail.be hotmail.nl hotmail.ca hotmail.se live.de live.it live.fr
live.nl live.ca live.co.uk love.com line.com lime.com olive.com alive.com liv.com outlook.de outlook.fr outlook.es
outlook.it outlook.at me.com mac.com ms.com ne.com mme.com mc.com icloud.com cloud.com ecloud.com mcloud.com
ucloud.com aol.de aol.fr col.com ail.com ao.com msn.com mon.com man.com mn.com libero.it libera.it liberi.it
libro.it liber.it iol.it tin.it tim.it inwind.it blu.it virgilio.it alice.it tiscali.it fastwebnet.it poste.it
pec.it aruba.it yandex.ru yandex.com ya.ru mail.ru bk.ru inbox.ru list.ru email.ru rambler.ru ukr.net i.ua meta.ua
seznam.cz email.cz centrum.cz wp.pl o2.pl onet.pl interia.pl gazeta.pl tlen.pl orange.fr free.fr sfr.fr laposte.net
wanadoo.fr neuf.fr bbox.fr numericable.fr posteo.de posteo.net mailbox.org tuta.com tutanota.com tutanota.de
tutamail.com riseup.net disroot.org systemli.org autistici.org inventati.org fastmail.com fastmail.fm startmail.com
runbox.com mailfence.com kolabnow.com zoho.com zoho.eu t-online.de freenet.de arcor.de vodafone.de o2online.de
online.de unitybox.de 1und1.de ionos.de bluewin.ch hispeed.ch sunrise.ch chello.at chello.nl aon.at a1.net ziggo.nl
kpnmail.nl planet.nl xs4all.nl telenet.be skynet.be telfort.nl comcast.net verizon.net att.net sbcglobal.net cox.net
charter.net earthlink.net optonline.net juno.com btinternet.com sky.com talktalk.net virginmedia.com ntlworld.com
bigpond.com optusnet.com.au iinet.net.au shaw.ca rogers.com bell.net videotron.ca sympatico.ca qq.com 163.com
126.com sina.com naver.com daum.net hanmail.net nate.com rediffmail.com uol.com.br bol.com.br terra.com.br ig.com.br
globo.com hushmail.com lycos.com excite.com usa.net cern.ch uni-bonn.de ethz.ch ox.ac.uk mit.edu unibo.it
example.org e-online.de s-online.de wahoo.com proton.de
"""


@pytest.mark.parametrize(
    ("typed", "meant"), [(typed, meant) for meant, slips in SLIPS.items() for typed in slips.split()]
)
def test_the_form_asks_about_a_likely_typo(typed: str, meant: str) -> None:
    assert likely_meant(f"Ada.L@{typed}") == f"Ada.L@{meant}"


@pytest.mark.parametrize("domain", REAL.split())
def test_the_form_does_not_ask_about_a_domain_that_exists(domain: str) -> None:
    assert likely_meant(f"ada@{domain}") == ""


def test_the_form_does_not_ask_about_a_known_provider() -> None:
    known = PROVIDERS | PRIVATE | PRIVATE_ABROAD
    assert {domain for domain in known if likely_meant(f"ada@{domain}")} == set()


def test_the_suggestion_is_always_a_large_provider() -> None:
    assert {likely_meant(f"ada@{typed}").partition("@")[2] for slips in SLIPS.values() for typed in slips.split()} <= (
        PROVIDERS
    )
