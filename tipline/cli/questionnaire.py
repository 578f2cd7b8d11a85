"""`tipline questionnaire`: read a file of questions and say what is wrong with it, or what it asks."""

import argparse
import sys
from pathlib import Path

from tipline.base.settings import Settings
from tipline.questionnaire import reading
from tipline.questionnaire.model import ENGLISH, Question, Questionnaire, say
from tipline.questionnaire.reading import QuestionnaireError

BAD_INPUT = 2


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("questionnaire", help="check a file of questions for sources")
    acts = parser.add_subparsers(dest="act", metavar="check", required=True)
    check = acts.add_parser("check", help="say what is wrong with a file, or what it asks")
    check.add_argument("file", type=Path, metavar="FILE")


def run(args: argparse.Namespace, _: Settings | None) -> int:
    """Check; 0 when the file can be used, 2 when not."""
    try:
        questionnaire = reading.read(args.file.read_bytes())
    except OSError:
        print(f"tipline: {args.file} cannot be read", file=sys.stderr)
        return BAD_INPUT
    except QuestionnaireError as error:
        for problem in error.problems:
            print(f"{args.file}: {problem}", file=sys.stderr)
        return BAD_INPUT
    print(_in_words(questionnaire))
    return 0


def _in_words(questionnaire: Questionnaire) -> str:
    lines = [
        f"“{questionnaire.name}” asks {len(questionnaire.questions)} questions in {', '.join(questionnaire.languages)}.",
        f"Its hash, by which answers name it: {questionnaire.sha256.hex()}",
    ]
    for section in questionnaire.sections:
        lines.append(f"\n{say(section.title, ENGLISH)}")
        lines += [f"  {question.key:<16} {_question(question)}" for question in section.questions]
    return "\n".join(lines)


def _question(question: Question) -> str:
    notes = [question.kind.value]
    notes += [f"{len(question.codes)} codes"] if question.codes else []
    notes += ["must be answered"] if question.required else []
    notes += ["about people"] if question.personal else []
    notes += [f"only after {key} = {' or '.join(codes) or 'anything'}" for key, codes in question.when.items()]
    return f"{say(question.ask, ENGLISH)} ({', '.join(notes)})"
