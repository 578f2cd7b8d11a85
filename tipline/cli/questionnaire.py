"""`tipline questionnaire`: read a file of questions, say what is wrong with it or what it asks, and keep it for those who read answers."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from tipline.base.settings import Settings
from tipline.questionnaire import reading
from tipline.questionnaire.model import ENGLISH, Question, Questionnaire, say
from tipline.questionnaire.reading import QuestionnaireError

BAD_INPUT = 2


def add(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser("questionnaire", help="check or keep a file of questions for sources")
    acts = parser.add_subparsers(dest="act", metavar="check|keep", required=True)
    check = acts.add_parser("check", help="say what is wrong with a file, or what it asks")
    check.add_argument("file", type=Path, metavar="FILE")
    keep = acts.add_parser("keep", help="let handlers read answers to it, such as to another unit's form")
    keep.add_argument("file", type=Path, metavar="FILE")


def run(args: argparse.Namespace, settings: Settings | None) -> int:
    """Check, and keep if asked to; 0 when the file can be used, 2 when not."""
    try:
        questionnaire = reading.read(args.file.read_bytes())
    except OSError:
        print(f"tipline: {args.file} cannot be read", file=sys.stderr)
        return BAD_INPUT
    except QuestionnaireError as error:
        for problem in error.problems:
            print(f"{args.file}: {problem}", file=sys.stderr)
        return BAD_INPUT
    if settings is not None:
        asyncio.run(_keep(questionnaire, settings))
    print(_in_words(questionnaire))
    return 0


async def _keep(questionnaire: Questionnaire, settings: Settings) -> None:
    from handling.corridor.store import questionnaires  # noqa: PLC0415 - the inside zone, which `check` does without
    from tipline.cli import inside  # noqa: PLC0415 - the same

    async with inside.owner(settings) as db:
        await questionnaires.keep(db, questionnaire, datetime.now(UTC).date())


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
