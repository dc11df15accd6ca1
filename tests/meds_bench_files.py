"""Invented rows in the layout of Henrychur/MedS-Bench: all 53 files, with the fields and forms the published ones have.

A file is one JSON document, also where its name ends in `.jsonl`. Files taken over from Super-NaturalInstructions have rows with
an `id` and a list as `output`, the others a text and no id. What is in the rows is invented.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROWS = 8
"""Rows of a file; two more than the clean tasks hold out."""

Made = Callable[[int], tuple[str, str | list[str]]]
"""The input and the output of the row with this number."""

LETTERS = "ABCDE"
MULTIPLE_CHOICE = "Given a question and a list of options, select the correct answer from the options directly."
REGIONS = ("chest", "head_and_neck", "brain", "abdomen", "pelvis", "spine")
SEQUENCES = (
    "Intraoperative rad with other rad before/after surgery",
    "Intraoperative radiation",
    "No radiation and/or cancer-directed surgery",
    "Radiation after surgery",
    "Radiation before and after surgery",
    "Radiation prior to surgery",
    "Surgery both before and after radiation",
)
DISEASES = ("Unstable angina", "Stable angina", "GERD", "Inguinal hernia", "Guillain-Barré syndrome", "Larygospasm",
            "Bronchospasm / acute asthma exacerbation", "HIV (initial infection)")  # fmt: skip
HALLMARKS = ("Sustaining proliferative signaling", "Resisting cell death", "Inducing angiogenesis", "Cellular energetics",
             "Evading growth suppressors", "Enabling replicative immortality", "Activating invasion and metastasis",
             "Genomic instability and mutation", "Tumor promoting inflammation", "Avoiding immune destruction")  # fmt: skip


def asked(question: str, options: str, answer: str, count: int = 4, end: str = "") -> Made:
    """Lettered options, each with a tab behind it; `answer` is what stands before the letter of the right one."""

    def row(number: int) -> tuple[str, str]:
        right = LETTERS[number % count]
        listed = "".join(f"{letter}: {number}{letter.lower()}\t" for letter in LETTERS[:count])
        return f"{question}: {number}?\n{options}: {listed}", f"{answer} {right}: {number}{right.lower()}{end}"

    return row


def medmcqa(number: int) -> tuple[str, str]:
    """The one file with an option a line."""
    right = LETTERS[number % 4]
    listed = "\n".join(f"{letter}. {number}{letter.lower()}" for letter in LETTERS[:4])
    return f"Question: {number}?\nOptions:\n{listed}", f"The right answer is {right}: {number}{right.lower()}"


def french(number: int) -> tuple[str, str]:
    """Five options, and every second question with two right ones."""
    shown, right = asked("Question", "Options", "Les bonnes réponses est", 5)(number)
    return shown, f"Les bonnes réponses sont A: {number}a, D: {number}d" if number % 2 else right


def decided(number: int) -> tuple[str, str]:
    return f"Context: Trial {number}.\nQuestion: Does it work?", ("yes", "no", "maybe")[number % 3]


def told(opening: str, answer: str) -> Made:
    return lambda number: (f"{opening} {number}.", f"{answer} number {number} of these, and no other.")


def listed(answer: str) -> Made:
    """Rows of Super-NaturalInstructions: a list of accepted answers, of which the first counts."""
    return lambda number: (f"Sentence {number}.", [f"{answer} {number}, {answer}", "not counted"])


def patient(number: int) -> tuple[str, str]:
    return f"A {number + 18}-year-old girl.", f"Gender: F\n\nAge: \"[[{number + 18}.0, 'year']]\""


def entities(number: int) -> tuple[str, str]:
    return f"Sentence {number} of x{number} and y.", f"x{number}, y." if number % 3 else "There is no related enetity."


def dialogue(number: int) -> tuple[str, str]:
    shown = f"Age: {40 + number} \nSex: F\nInitial evidence: Do you have a cough? Yes\nEvidence: Do you smoke? No; Fever? Yes"
    return shown, f"The diagnosis result is {DISEASES[number % len(DISEASES)]}."


def treated(number: int) -> tuple[str, str]:
    return f"Age: {40 + number}\n\nGrade: 2", f"The treatment planning is: {SEQUENCES[number % len(SEQUENCES)]}"


def outcome(number: int) -> tuple[str, str]:
    return f"age: {40 + number}\ngender: F\nn_ed_30d: 0", "True" if number % 2 else "False"


def hallmarks(number: int) -> tuple[str, str]:
    return f"Abstract {number}.", f"{HALLMARKS[number % 10]}, {HALLMARKS[(number + 3) % 10]}"


def inferred(number: int) -> tuple[str, str]:
    label = ("Entailment", "Contradiction", "Neutral")[number % 3]
    return f"Sentence1: Patient {number} has a fever.\n\nSentence2: Patient {number} is ill.", label


FILES: tuple[tuple[str, str, Made], ...] = (
    ("MCQA/task57_medqa_question_answering_en.jsonl", MULTIPLE_CHOICE, asked("Question", "Options", "The right answer is")),
    ("MCQA/task122_medmcqa_test_set.json", MULTIPLE_CHOICE, medmcqa),
    ("MCQA/task123_pubmedqa_test_set.json", "Answer the closed question with yes, no or maybe.", decided),
    ("MCQA/task58_medqa_question_answering_zh.jsonl", MULTIPLE_CHOICE, asked("问题", "选项", "正确答案是")),
    ("MCQA/task59_igakuqa_question_answering.jsonl", MULTIPLE_CHOICE,
     asked("質問", "オプション", "正しい答えは", 5, " です")),
    ("MCQA/task60_frenchmedmcqa_question_answering.jsonl", MULTIPLE_CHOICE, french),
    ("MCQA/task61_rumedbench_question_answering.jsonl", MULTIPLE_CHOICE, asked("Вопрос", "Варианты", "Правильные ответ:", 2)),
    ("MCQA/task129_headqa_question_answering.jsonl", MULTIPLE_CHOICE,
     asked("Pregunta", "Opciones", "La respuesta correcta es:")),
    ("Text_summarization/task114_medqsum_text_summurization.json", "Summarize the consumer health question.",
     told("SUBJECT: a drug\nMESSAGE: who makes it", "Who makes drug")),
    ("Text_summarization/task110_rct_text_summurization.json", "Summarize the main conclusions of the studies.",
     told("Study titles and abstracts", "Studies agree about")),
    ("Text_summarization/task112_mimic_cxr_text_summurization.json", "Give a short summary of the findings.",
     told("Findings of film", "No effusion in film")),
    ("Text_summarization/task78_mimic4_radiology_summary_ultrasound.json", "Summarize the note's conclusion.",
     told("Findings of scan", "No stone in scan")),
    *((f"Text_summarization/task{first + place}_mimic4_{kind}_summary_{region}.json",
       f"Summarize the {kind.upper()} findings for the {region.capitalize()} into a concise conclusion.",
       told(f"{kind} of the {region}", f"Nothing in {region}"))
      for first, kind in ((83, "ct"), (89, "mri")) for place, region in enumerate(REGIONS)),
    ("Information_extraction/task1_participant_extraction.json", "Extract the participants.", listed("children")),
    ("Information_extraction/task2_intervention_extraction.json", "Extract the interventions.", listed("placebo")),
    ("Information_extraction/task3_outcome_extraction.json", "Extract the outcomes.", listed("relief")),
    ("Information_extraction/task29_drug_dose_extraction.json", "Extract the dose of the drug.", listed("10 mg")),
    ("Information_extraction/task74_pmc_patient_case_report_basic_information_extraction.json",
     "Extract the gender and age of the patient.", patient),
    ("Explanation/task18_test_healthfact_sentence_generation.json", "Explain why the claim holds.",
     told("Paragraph: A study.\nClaim: It works", "The claim is true of study")),
    ("Explanation/task46_do_entity_explanation.json", "Explain the disease.", told("disease", "A disease of the kind")),
    ("Explanation/task50_biolord_explanation.json", "Explain the concept.", told("Concept: thing", "A thing of the kind")),
    *((f"Rationale/task{51 + place}_mmedbench_explanation_{language}_test_only.jsonl",
       "Given a question and its answer, generate an explanation statement.", made)
      for place, (language, made) in enumerate({
          "chinese": told("问题: 甲?\n选项: A: 一\tB: 二\t\n正确答案是 A: 一", "因为甲是一"),
          "english": told("Question: a?\nOptions: A: b\t\nThe right answer is A: b", "Because a is b"),
          "french": told("Question: a?\nOptions: A: b\t\nLa bonne réponse est A: b", "Parce que a est b"),
          "japanese": told("質問: 甲?\nオプション: A: 一\t\n正しい答えは A: 一 です", "甲は一であるため"),
          "russian": told("Вопрос: а?\nВарианты: A: б\t\nПравильный ответ A: б", "Потому что а это б"),
          "spanish": told("Pregunta: a?\nOpciones: A: b\t\nLa respuesta correcta es A: b", "Porque a es b"),
      }.items())),
    *((f"NER/task{number}_test_{name}_named_enetity_recognition.json",
       f"Given a sentence, you need to reconize the name of the {kind}. There might be several correct answers. If it does "
       'not exist, you need to output "There is no related enetity.".', entities)
      for number, name, kind in ((125, "bc4chem", "chemical"), (126, "bc5chem", "chemical"), (127, "bc5disease", "disease"),
                                 (128, "species800", "organism"))),
    ("Diagnosis/task130_DDXPlus_text_classification_test.json", "Make a diagnosis decision.", dialogue),
    ("Treatment_planning/task131_SEER_text_classification_test.json", "Pick out an answer.", treated),
    ("Clinical_outcome_prediction/task117_mimic4ed_benchmark_hospitalization.json",
     "Predict whether the patient needs hospitalization. Your answer should be True or False.", outcome),
    ("Clinical_outcome_prediction/task118_mimic4ed_72h_ed_revisit_disposition.json",
     "Predict whether the patient may revisit the emergency department in 72 hours.", outcome),
    ("Clinical_outcome_prediction/task119_mimic4ed_benchmark_critical_triage.json",
     "Predict whether the patient should be classified into the critical triage queue.", outcome),
    ("Text_classification/task106_hoc_text_classification.json", "Classify the hallmarks of cancer.", hallmarks),
    ("Fact_verication/task12_pubmedqa_classification.json", "Does the answer answer the question, 'yes' or 'no'?",
     lambda number: (f"Question: Is it {number}?\nAnswer: It rained.", ["no"])),
    ("Fact_verication/task16_test_healthfact_classification.json", "Classify the claim as '0', '1' or '2'.",
     lambda number: (f"Paragraph: A study.\nClaim: {number}.", [str(number % 3)])),
    ("Fact_verication/task100_ebms_answer_vertification.json", "Provide a justification.", told("Statement", "Evidence is in")),
    ("NLI/task41_test_mednli_textual_entailment_discrimitive.json", "Entailment, contradiction, or neutral?", inferred),
    ("NLI/task42_test_mednli_textual_entailment_generative.json", "Write a hypothesis.", told("Premise", "He has problem")),
)  # fmt: skip
"""Name below the folder of the data set, instruction, rows."""


def written(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Write all files below `folder`; of each, the id of its task file and the golds of its rows."""
    for name, definition, made in FILES:
        rows: list[dict[str, Any]] = []
        for number in range(ROWS):
            shown, output = made(number)
            rows.append({"input": shown, "output": output})
            if isinstance(output, list):
                rows[-1] = {"id": f"{name.split('_')[0]}-{number}", **rows[-1]}
        document = {
            "Contributors": ["nobody"], "Source": ["invented"], "URL": [""], "Categories": ["invented"], "Reasoning": [],
            "Definition": [definition], "Input_language": ["English"], "Output_language": ["English"],
            "Instruction_language": ["English"], "Domains": ["medicine"], "Positive Examples": [], "Negative Examples": [],
            "Instances": rows,
        }  # fmt: skip
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, ensure_ascii=False, indent=4), "utf-8")
        golds = [row["output"] for row in rows]
        yield file.name.split("_")[0], [gold if isinstance(gold, str) else gold[0] for gold in golds]
