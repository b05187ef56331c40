"""Who speaks and what, in training, in the recording to tune on and in the one to judge by.

Each has voices of its own: variants of espeak-ng, each in all accents, and voices of flite. Each has words of its own
beside the keywords, too, but for those that `TESTED` takes from training. "know", which sounds like "no", is nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass

KEYWORDS = ("yes", "no", "stop")
UNKNOWN = "unknown"
"""What everything else that is spoken is labelled with."""

ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-029", "en-gb-x-gbclan", "en-gb-x-rp", "en-gb-x-gbcwmd", "en-us-nyc")
"""Of espeak-ng."""


@dataclass(frozen=True)
class Speakers:
    """Variants of espeak-ng, voices of flite, and the words that they say beside the keywords."""

    variants: tuple[str, ...]
    flite: tuple[str, ...]
    others: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TRAINED = Speakers(
    variants=_words("""
        m1 m2 m4 m6 m7 m8 f2 f4 Alex Andrea Andy Annie Denis Gene Gene2 Hugo Jacky Lee Mario Michael Mike adam anika
        antonio aunty benjamin boris caleb david edward grandma grandpa iven iven3 john kaukovalta klatt klatt2 klatt3
        marcelo max michel miguel norbert pablo pedro rob robert sandro steph travis victor
    """),
    flite=("kal", "slt"),
    others=_words("""
        yet yell yellow yep yeah yen yak yoga yeast yellowing less guess chess dress press bless west best rest
        success address yed yem yef yeg yesh yest yesk bess dess jess kess fess tess ness yass yiss

        now note nose nope none nor new nine knot near low go so toe show row bow snow slow own only notice november
        normal hello piano window over open mow nobody know-how nod nog nom noke nofe nole nove nee nay nah loe goe doe

        top shop step stone stuff star stand start stay store still stool spot swap strap drop crop pop hop chop mop
        laptop rooftop stomp stab stub stoop steep tap stopwatch stap stip stob stot stog ston stoll slop scop sop

        maybe left right seven table list up down on off one two three four five six eight zero ten red green blue
        black white house water coffee morning light lamp door music volume louder please thank sorry friend people
        computer telephone weather outside birthday orange apple cheese butter bread finger shoulder school teacher
        mother father sister brother running walking playing yourself because another without weekend summer winter
        temperature question answer happy funny little under after before tomorrow
    """),
)

TUNED = Speakers(
    variants=_words("f5 Alicia belinda ed Marco quincy zac"),
    flite=("awb",),
    others=_words("""
        yolk yonder yelling noise knob nest storm stalk flop process pillow marble candle sunset hammer casino bus
        camera elephant minus
    """),
)

TESTED = Speakers(
    variants=_words("m3 m5 f1 f3 linda paul Diogo shelby"),
    flite=("rms",),
    others=_words("""
        maybe left right seven nine hello window table yellow now stone list yet note top snow

        paper river yard noble stock mess gold garden yesterday yelp notion nomad stack stuck vest dome swan kitchen
        monday bottle ladder flower engine
    """),
)

ONSETS = _words("b d f g k l m n p r s t w y sh st str sn pl")
VOWELS = _words("a e i o u ee oo ai ar")
CODAS = _words("b d f g k l m n p s t st nd sh")
"""What invented words are made of."""
