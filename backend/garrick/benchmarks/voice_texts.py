"""What the voices are measured on; written for this."""

from __future__ import annotations

SENTENCES = (
    "The old boat drifted slowly past the red tower.",
    "Six grey geese flew over the frozen lake.",
    "Please fold the blanket and put it on the chair.",
    "A warm loaf of bread lay beside the open window.",
    "She poured the hot tea into a small blue cup.",
    "The clever fox jumped across the narrow stream.",
    "Most of the shops on this street close before noon.",
    "His brother plays the drums in a loud rock band.",
    "The judge asked them to speak the plain truth.",
    "Every big problem becomes a beautiful memory.",
    "They moved the heavy piano with a strong rope.",
    "We picked five pounds of plums from the tall tree.",
    "The pilot checked the map before the long flight.",
    "Thick smoke rose from the chimney of the old barn.",
    "My father keeps his best tools in the garage.",
    "The meeting starts at noon on Monday, March 3rd.",
    "It cost $12.50 in 2019 and twice as much today.",
    "About 25 people waited for more than 40 minutes.",
    "The bridge is 3.5 km long and 120 years old.",
    "Dr. Smith was born on July 14, 1985.",
    "Only 7% of the 1,200 letters were ever answered.",
    "Did you really think that nobody would notice?",
)
"""Short plain sentences after the manner of the Harvard lists, and what has numbers in it."""

FOREIGN = {
    "kokoro:ef_dora": ("es", (
        "El viejo barco pasó despacio junto al faro.",
        "Mi madre compró pan fresco y dos botellas de leche.",
        "¿Dónde está la estación de tren más cercana?",
        "Los niños juegan en el parque todas las tardes.",
    )),
    "kokoro:ff_siwis": ("fr-fr", (
        "Le vieux bateau passe lentement devant le phare.",
        "Ma mère a acheté du pain frais et deux bouteilles de lait.",
        "Où se trouve la gare la plus proche ?",
        "Les enfants jouent au parc tous les après-midi.",
    )),
    "kokoro:if_sara": ("it", (
        "La vecchia barca passa lentamente davanti al faro.",
        "Mia madre ha comprato il pane fresco e due bottiglie di latte.",
        "Dove si trova la stazione più vicina?",
        "I bambini giocano nel parco ogni pomeriggio.",
    )),
    "kokoro:pf_dora": ("pt-br", (
        "O velho barco passou devagar pelo farol.",
        "Minha mãe comprou pão fresco e duas garrafas de leite.",
        "Onde fica a estação de trem mais próxima?",
        "As crianças brincam no parque todas as tardes.",
    )),
    "espeak": ("de", (
        "Das alte Boot fuhr langsam am Leuchtturm vorbei.",
        "Meine Mutter hat frisches Brot und zwei Flaschen Milch gekauft.",
        "Wo ist der nächste Bahnhof?",
        "Die Kinder spielen jeden Nachmittag im Park.",
    )),
}  # fmt: skip
"""Voice -> a language other than English that it speaks, and sentences in it. Hindi cannot be judged so: Whisper base writes
it in Arabic letters."""
