"""The closed world the demonstration data are made from: a few words of clinical English and some textbook facts.

It is a toy. It is not complete, not up to date and no advice. What is here on purpose: several subjects share an answer
(four drugs to a class), and many answers share a word (`loop diuretic`, `thiazide diuretic`), so that reading one word is
not enough.
"""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Topic:
    """Facts of one kind. `answers` maps an answer to its subjects; `wordings` are questions with a place for the subject."""

    name: str
    wordings: tuple[str, ...]
    answers: dict[str, tuple[str, ...]]

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """All (subject, answer) pairs, in the order they are written below."""
        return tuple((subject, answer) for answer, subjects in self.answers.items() for subject in subjects)


DRUG_CLASS = Topic(
    name="drug_class",
    wordings=(
        "Which class of drug is {}?",
        "To which class does {} belong?",
        "A patient takes {}. What class of drug is it?",
        "What kind of drug is {}?",
    ),
    answers={
        "ACE inhibitor": ("ramipril", "lisinopril", "enalapril"),
        "beta blocker": ("bisoprolol", "atenolol", "propranolol"),
        "calcium channel blocker": ("amlodipine", "felodipine", "diltiazem"),
        "loop diuretic": ("furosemide", "bumetanide", "torasemide"),
        "thiazide diuretic": ("bendroflumethiazide", "indapamide", "chlortalidone"),
        "statin": ("simvastatin", "atorvastatin", "rosuvastatin"),
        "opioid": ("morphine", "codeine", "fentanyl"),
        "penicillin": ("amoxicillin", "flucloxacillin", "ampicillin"),
        "macrolide antibiotic": ("erythromycin", "clarithromycin", "azithromycin"),
        "proton pump inhibitor": ("omeprazole", "lansoprazole", "pantoprazole"),
        "benzodiazepine": ("diazepam", "lorazepam", "midazolam"),
        "anticoagulant": ("warfarin", "apixaban", "heparin"),
    },
)

GERM = Topic(
    name="germ",
    wordings=(
        "Which disease is caused by {}?",
        "A culture grows {}. Which disease fits?",
        "Infection with {} leads to which disease?",
        "What does {} cause?",
    ),
    answers={
        "whooping cough": ("Bordetella pertussis",),
        "tuberculosis": ("Mycobacterium tuberculosis",),
        "cholera": ("Vibrio cholerae",),
        "syphilis": ("Treponema pallidum",),
        "Lyme disease": ("Borrelia burgdorferi",),
        "malaria": ("Plasmodium falciparum",),
        "thrush": ("Candida albicans",),
        "tetanus": ("Clostridium tetani",),
        "scabies": ("Sarcoptes scabiei",),
        "plague": ("Yersinia pestis",),
        "typhoid fever": ("Salmonella typhi",),
        "scarlet fever": ("Streptococcus pyogenes",),
    },
)

LABORATORY = Topic(
    name="laboratory",
    wordings=(
        "What does a raised {} point to?",
        "The {} is raised. What is the most likely reason?",
        "A raised {} is typical of what?",
        "Which problem raises the {}?",
    ),
    answers={
        "heart muscle injury": ("troponin",),
        "kidney failure": ("creatinine",),
        "pancreatitis": ("lipase",),
        "liver injury": ("alanine transaminase",),
        "diabetes": ("glycated haemoglobin",),
        "gout": ("uric acid",),
        "heart failure": ("natriuretic peptide",),
        "underactive thyroid": ("thyrotropin",),
        "blood clot": ("D-dimer",),
        "iron overload": ("ferritin",),
        "muscle injury": ("creatine kinase",),
        "prostate disease": ("prostate antigen",),
    },
)

SPECIALIST = Topic(
    name="specialist",
    wordings=(
        "Which specialist looks after diseases of the {}?",
        "A problem of the {} is sent to which specialist?",
        "Who treats diseases of the {}?",
        "A disease of the {} needs which specialist?",
    ),
    answers={
        "cardiologist": ("heart",),
        "nephrologist": ("kidney",),
        "dermatologist": ("skin",),
        "neurologist": ("brain",),
        "ophthalmologist": ("eye",),
        "haematologist": ("blood",),
        "hepatologist": ("liver",),
        "pulmonologist": ("lung",),
        "rheumatologist": ("joints",),
        "endocrinologist": ("thyroid",),
        "urologist": ("bladder",),
        "gastroenterologist": ("bowel",),
    },
)

TOPICS: tuple[Topic, ...] = (DRUG_CLASS, GERM, LABORATORY, SPECIALIST)
