#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes Tests/Fixtures/previews/cases.jsonl: what a context's preview and key concepts must be.

The rules are written down here a second time, over Python's own str, re, json and set, which upstream's migration
runs on; the Swift code under test has none of them. One line is one case, in ASCII:

  name       says what the case is about
  content    the text of the column content
  metadata   the text of the column metadata, or null for NULL
  preview    the expected preview                          } or else
  concepts   the expected JSON text: the first ten found    } problem, why the row has no summary
  upstream   for rows that upstream's own script has migrated: the JSON text that it wrote, in random order; when more
             than ten were found, a random choice of the members in
  candidates

usage: make_preview_cases.py [--random N] [--seed S] [--pair BEFORE.db AFTER.db]... > cases.jsonl

A pair is a database before and after upstream's script; both are only read. Every row of it is also a check of this
file: the script stops when the rules give something else than upstream did.
"""

import argparse
import json
import random
import re
import sqlite3
import sys
import unicodedata

CAMEL = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b")
SNAKE = re.compile(r"\b[a-z]+_[a-z_]+\b")
GROUPS = [
    re.compile(rf"\b({words})\b", re.IGNORECASE)
    for words in (
        "API|REST|GraphQL|JWT|OAuth|OAuth2|SAML",
        "database|SQL|NoSQL|MongoDB|PostgreSQL|Redis",
        "authentication|authorization|security|encryption",
        "deployment|CI/CD|Docker|Kubernetes|container",
        "React|Vue|Angular|TypeScript|JavaScript|Python|Go|Rust",
    )
]
DUTY = re.compile(r"\b(MUST|ALWAYS|NEVER|REQUIRED|CRITICAL|WARNING|IMPORTANT)\b", re.IGNORECASE)


def preview_of(content):
    lines = [stripped for line in content.split("\n") if (stripped := line.strip())]
    if not lines:
        return ""
    headers = [line for line in lines[:5] if line.startswith("#")]
    parts = [headers[0].lstrip("#").strip() if headers else lines[0]]
    body = (line for line in lines[1:] if not line.startswith("#"))
    parts += [line for line in body if len(line) > 30 or (":" in line and len(line) > 5)][:3]
    rules = [line for line in lines if DUTY.search(line)][:2]
    if rules:
        parts.append("Rules: " + "; ".join(rules))
    preview = "\n".join(parts)
    if len(preview) > 500:
        preview = preview[:497] + "..."
    return preview or content[:500]


def candidates_of(content, tags):
    """The members of upstream's set, in the order in which it meets them. Raises TypeError as upstream does."""
    members = dict.fromkeys(tags or [])  # a dict has a set's equality, and an order
    members.update(dict.fromkeys(CAMEL.findall(content)[:5]))
    members.update(dict.fromkeys(SNAKE.findall(content)[:5]))
    for group in GROUPS:
        members.update(dict.fromkeys(group.findall(content)[:3]))
    return list(members)


class Problem(Exception):
    pass


def tags_of(metadata):
    if not metadata:
        return []
    try:
        value = json.loads(metadata)
    except json.JSONDecodeError:
        return []
    except RecursionError:
        raise Problem("metadataTooDeep")
    except ValueError:
        raise Problem("metadataNumberTooLong")
    if not isinstance(value, dict):
        raise Problem("metadataNotAnObject")
    return value.get("tags", [])


def case_of(name, content, metadata):
    case = {"name": name, "content": content, "metadata": metadata}
    try:
        tags = tags_of(metadata)
        try:
            members = candidates_of(content, tags)
        except TypeError as error:
            raise Problem("tagsUnhashable" if "unhashable" in str(error) else "tagsNotIterable")
    except Problem as problem:
        return case | {"problem": str(problem)}
    return case | {"preview": preview_of(content), "concepts": json.dumps(members[:10])}


def cases_of_pair(before, after):
    def open_read_only(path):
        return sqlite3.connect(f"file:{path}?immutable=1", uri=True)

    def rows(path, columns):
        with open_read_only(path) as connection:
            return {row[0]: row[1:] for row in connection.execute(f"SELECT id, {columns} FROM context_locks")}

    results = rows(after, "preview, key_concepts")
    for identity, (label, content, metadata) in rows(before, "label, content, metadata").items():
        case = case_of(f"upstream migrated {label}", content, metadata)
        preview, concepts = results[identity]
        if "problem" in case:
            assert (preview, concepts) == (None, None), case
        else:
            assert preview == case["preview"], (preview, case)
            written = {json.dumps(member) for member in json.loads(concepts)}
            candidates = [json.dumps(member) for member in candidates_of(content, tags_of(metadata))]
            assert len(written) == min(10, len(candidates)), (concepts, candidates)
            assert written <= set(candidates), (concepts, candidates)
            case |= {"upstream": concepts, "candidates": candidates}
        yield case


def plain(name, content):
    return case_of(name, content, None)


def hand_picked_contents():
    long = "This line is longer than thirty characters, so it counts."
    yield plain("empty", "")
    for space in ("\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"):
        yield plain(f"U+{ord(space):04X} is white space", f"{space}x{space}\n{space}# y: zzzz{space}")
        yield plain(f"nothing but U+{ord(space):04X}", space * 3)
    for other in "\0\x1b\u180e\u200b\u2060\ufeff\u0300":
        yield plain(f"U+{ord(other):04X} is no white space", f"{other}x{other}\n{other}# y: zzzz{other}")
        yield plain(f"nothing but U+{ord(other):04X}", other)
    for count in (29, 30, 31):
        for letter in "aé語😀":
            yield plain(f"a line of {count} {letter}", f"title\n{letter * count}\nend")
    for line in ("a: b", "a: bc", "a: bcd", "ab:cd", "é:éé", "é:éééé", ":", "::::::", "abc：def", "abcdef:"):
        yield plain(f"the pair {line}", f"title\n{line}\nend")
    for index in range(7):
        before = "".join(f"line {i}: value\n" for i in range(index))
        yield plain(f"a header at line {index}", before + "## Head\n" + long)
        yield plain(f"a header at line {index} after empty lines", "a\n\n \n" * index + "# Head\nkey: value")
    for header in (
        "#", "###", "# # x", "#x#", "#\tx", "#!shebang: line", "#" * 600, "# " + "x" * 600, "#\u3000", "#\0",
    ):
        yield plain(f"the header {header[:12]!r}", header)
        yield plain(f"the header {header[:12]!r} with more", f"{header}\n{long}\n# second: header\n{long}")
    yield plain("only headers", "#\n##\n###\n")
    yield plain("an empty header and a short line", "#\nshort\n")
    yield plain("an empty header and white space, raw in the preview", " \n #\n\u2003")
    yield plain("more than three lines of substance", "\n".join(["t"] + [f"{i} {long}" for i in range(6)]))
    yield plain("CRLF", "# Title\r\nkey: value\r\nNEVER do this\r\n")
    yield plain("a carriage return alone ends no line", "# Title\rkey: value\rNEVER do this")
    yield plain("a NUL inside", "Title\0 and more\nkey:\0value\nMUST\0\0not")
    for length in (496, 497, 498, 499, 500, 501, 502, 1000):
        for letter in "aé語😀":
            yield plain(f"{length} times {letter}", letter * length)
    yield plain("cut inside a later part", "t\n" + "\n".join(["é" * 200] * 3) + "\nwe MUST " + "x" * 300)
    yield plain("exactly 500 in parts", "t\n" + "x" * 247 + "\n" + "y" * 250)
    yield plain("exactly 501 in parts", "t\n" + "x" * 248 + "\n" + "y" * 250)
    for word in (
        "MUST", "must", "Muſt", "always", "ALWAYſ", "never", "required", "requıred", "CRİTICAL", "warning",
        "ımportant", "mustard", "must_", "_must", "must2", "must²", "mustⅫ", "must½", "must\u0301", "語must",
        "must語", "must-have", "must\0", "(must)", "mu\u0301st", "mu st", "must\u200d", "WARNİNG", "mußt",
    ):
        yield plain(f"the rule word {word}", f"title\nyou {word} go\nand {word}.")
    yield plain("three rules", "title\nMUST a\nALWAYS b\nNEVER c")
    yield plain("two words of duty in one line", "# MUST ALWAYS a\nb\nNEVER c")
    yield plain("a rule in the header and among the lines", f"# You MUST\n{long} NEVER\nREQUIRED")
    yield plain("a rule in a long line", "x " * 5000 + "must" + " y" * 5000)
    for word in (
        "CamelCase", "Camel", "camelCase", "CamelC", "CamelCa", "CAmelCase", "CamelCaseX", "Camel2Case",
        "Camel_Case", "CamelCaseé", "éCamelCase", "CamelCase\u0301", "CamelCase²", "XmlHttpRequest", "AaBb",
        "AaB", "ABa", "CamelCase語", "语CamelCase", "Camel-CaseWord", "NoSQL", "MongoDb", "GraphQl",
        "JavaScript", "snake_case", "snake_", "_snake", "s_c", "s__", "a_b_c", "Snake_case", "snake_Case",
        "snake_case2", "snake2_case", "snake__case", "__init__", "snake_case_", "é_snake", "snake_é",
        "snake_case\u0301",
    ):
        yield plain(f"the identifier {word}", f"see {word}, {word.lower()} (and {word}.x)/{word}")
    yield plain("the first five only", " ".join(f"Word{c}aa{c}b" for c in "ABCDEFG") + " " + "AaBb " * 5 + "LateName")
    yield plain("five of one are five", "AaBb AaBb AaBb AaBb AaBb CcDd a_b a_b a_b a_b a_b c_d")
    terms = ("API rest GraphQL jwt OAuth OAuth2 oauth2 OAUTH2x OAuth22 SAML database SQL NoSQL MongoDB PostgreSQL Redis"
             " authentication authorization security encryption deployment CI/CD ci/cd Docker Kubernetes container"
             " React Vue Angular TypeScript JavaScript Python Go Rust").split()
    for term in terms:
        for written in (term, term.lower(), term.upper(), term.title(), term.swapcase()):
            yield plain(f"the term {written}", f"a {written}")
        yield plain(f"no term in x{term}", f"x{term} {term}x {term}_ {term}2 é{term} {term}é")
        quirky = term.lower().replace("s", "ſ", 1).replace("k", "\u212a").replace("i", "ı", 1).replace("i", "İ")
        yield plain(f"the term {quirky}", f"{quirky}")
    for text in (
        "CI/CD/CI/CD", "CI/CD/CD", "CI / CD", "CI//CD", "CI/ CD", "CI-CD", "xCI/CD", "CI/CDx", "_CI/CD",
        "CI/CD_", "CI/CI/CD", "CI/CD2", "cİ/cd", "cı/CD", "CI\u0301/CD", "CI/CD\u0301", "CI/x CD", "/CD",
        "CI/", "CI", "CI/é/CD",
    ):
        yield plain(f"the pipeline {text}", text)
    yield plain("the first three of each group", "api rest jwt saml sql redis nosql mongodb go rust vue python")
    yield plain("three of one are three", "go go go rust, sql sql sql redis")
    yield plain("variants of case are different members", "go Go GO sql SQL Sql api Api API")
    yield plain("more than ten concepts", "AaBb CcDd EeFf a_a b_b c_c api rest jwt sql redis nosql security Docker Go")
    yield plain("Latin, Cyrillic, Greek, Han", "Прочитай database_схема и JSON. 数据库 SQL 语言 Go。Γλῶσσα Rust!")
    yield plain("emoji and joiners", "🚀 Docker👩‍💻Python 🇩🇪Go\u20e3 Rust\ufe0f API")
    for point in (
        "²", "½", "Ⅻ", "①", "٣", "〇", "ª", "ʰ", "\u0301", "\u0903", "\u20dd", "℮", "℃", "\u2160", "𝟘", "𐄇",
        "🄀", "\U0001f130", "\u200c", "-", "€", "ǅ", "あ", "\U000e0100", "\ue000", "\uffff",
    ):
        text = f"{point}API SQL{point} {point}AaBb a_b{point} Go{point}Go {point}"
        yield plain(f"U+{ord(point):04X} beside a word", text)


def hand_picked_metadata():
    content = "AaBb a_b API"
    tags = [
        "null", "[]", '""', "{}", "0", "-0", "0.0", "-0.0", "1e-400", "false", "true", "1", "-1", "0.5",
        "1e400", "NaN", "-Infinity", '"abc"', '"aab"', '"é\\ud83d\\ude00"', '"\\ud800"', '"\\udc00\\ud800"',
        '"\\ud800\\u0041"', '["x","y","x"]', '["API","AaBb","a_b"]', '["\\u0041PI"]',
        '["é","\\u00e9","e\\u0301"]', '[1,1.0,true,"1"]', "[true,1]", "[1.0,1]", "[0,false,-0.0,null]",
        "[-0.0,0]", "[-0,0]", "[false,0]", "[NaN,NaN]", "[Infinity,1e999]", "[-Infinity]", "[null,null]",
        "[[]]", "[{}]", '["a",["b"]]', '["a",{"b":1},"c"]', '[1,[2,[3,{"x":[4]}]]]',
        '{"b":1,"a":[1,{"z":2}],"b":2}', '{"":0}', '["\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\\u0080"]',
        '["\x7f","\x80","\u2028","😀","\ufeff","\uffff"]', "[" + ",".join(map(str, range(15))) + "]",
        "[" + ",".join(map(str, range(15))) + ",[]]", '"' + "abcdefghijklmnop" + '"',
        "[9007199254740993,9007199254740992.0,9007199254740992]", "[1e22,10000000000000000000000]",
        "[1e23,100000000000000000000000,99999999999999991611392]",
        "[" + str(2**1000) + "," + repr(2.0**1000) + "]", "[-1e300," + str(int(-1e300)) + "]",
        "[9223372036854775808,9223372036854775808.0,-9223372036854775808.0]",
        "[12345678901234567890123456789012345678901234567890]", '["\\ud83d\\ude00","😀"]',
    ]
    numbers = (
        "1e15 1e16 1e17 123456789012345678 123456789012345678.0 0.1 1e-1 0.0001 0.00001 1e-5 1.5e-7 1E5 1e+5 "
        "1e05 5e-324 2e-324 1e-323 1.7976931348623157e308 1.8e308 2.2250738585072014e-308 0.30000000000000004 "
        "100.0 1e2 123.456 1234567890123456.7 12345678901234567.0 9999999999999998.0 9999999999999999.0 "
        "99999999999999990 1e21 1e-7 0.000123 4.35 1.0e0 10.50 1e1 -1e-10 -12.5e3 3.14159265358979323846 "
        "9007199254740993.0 72057594037927945.0 18014398509481985.0 1e100 1.1e100 -0.00010 0e5 0.0e-5 0E0 "
    )
    for number in numbers.split():
        tags.append(f"[{number}]")
    for value in tags:
        yield case_of(f"tags {value[:60]!r}", content, f'{{"tags": {value}}}')
    yield case_of("more tags than ten, and content", "x", '{"tags": ' + json.dumps([f"t{i}" for i in range(12)]) + "}")
    good = '{"tags": ["x"]}'
    documents = [
        "", " ", good, f" \t\r\n{good}\n ", f"\v{good}", f"\xa0{good}", f"\ufeff{good}", good + "x",
        good + ",", good[:-1], good + good, "null", "true", "false", "0", "-1.5", "NaN", "-Infinity", '"tags"',
        "[]", '["tags"]', "{}", "x", "nul", "truefalse", "nan", "infinity", "+1", "01", "1.", ".5", "1e",
        "1e+", "-", "--1", "0x10", "'a'", "[1,]", "[,1]", "[1 2]", '{"a":1,}', '{,"a":1}', '{"a" 1}', '{"a":}',
        "{a:1}", "{1:2}", '{"a":1 "b":2}', "[}", "{]", '{"tags":["x"],"tags":["y"]}',
        '{"tags":[[]],"tags":["y"]}', '{"tags":["x"],"tags":[[]]}', '{"tags":[[]],"a":x}',
        '{"\\u0074ags":["x"]}', '{"Tags":["x"]}', '{"a":{"tags":["x"]}}', '{"tags ":["x"]}',
        '{"tags":["x"],"a":[1,{"b":[null,true,{"c":"}"}]}],"d":"]"}', '{"tags":["x"],"n":[1.,2]}',
        '{"tags":["x\ty"]}', '{"tags":["x\0"]}', '{"tags":["x\x1f"]}', '{"tags":["x\x7f"]}',
        '{"tags":["\\x41"]}', '{"tags":["\\u12"]}', '{"tags":["\\u12G4"]}', '{"tags":["\\ud83d\\u12"]}',
        '{"tags":["\\ud83d\\n"]}', '{"tags":["\\ud83d"]}', '{"tags":["\\ud83d\\ud83d\\ude00"]}',
        '{"tags":["\\uD83D\\uDE00"]}', '{"tags":["\\', '{"tags":["x', '{"tags":', '{"tags"', "{", "[", '"',
        '"\\', '{"a":"\\ud83', '{"tags":["x"]}\0', '{"tags":["x"],"n":' + "9" * 4300 + "}",
        '{"tags":["x"],"n":' + "9" * 4301 + "}", '{"tags":["x"],"n":-' + "9" * 4300 + "}",
        '{"tags":["x"],"n":' + "9" * 4301 + ".0}", "9" * 4301, '{"n":' + "9" * 4301 + " x",
        '{"x": x, "n":' + "9" * 4301 + "}", '{"tags":[' + "1" * 4300 + "]}",
        '{"tags":["x"],"a":' + "[" * 900 + "]" * 900 + "}", '{"a":' + "[" * 1100 + "]" * 1100 + "}",
        '{"a":' + '{"a":' * 1100 + "1" + "}" * 1101, "[" * 1100, "[" * 900,
        '{"tags":["x"],"a":{"b":[]},"c":[{}]}', '{"tags" : [ "x" , "y" ] , "z" : [ ] }', '{ }',
        '{"tags":["x"],"e":[1E5,1e-5,-0,-0.0,0.0e0]}',
    ]
    for document in documents:
        yield case_of(f"metadata {document[:60]!r}", "some API", document)
        yield case_of(f"metadata {document[:60]!r} without content", "", document)
    yield case_of("tags and content of white space", " \n", good)
    yield case_of("no metadata", "some API", None)


ALPHABET = (
    list("abcdefgimnoprstuACDIMNORSTU012_/#:;.,-\0\r\t \n\n\n\n") + [" "] * 12 + ["# ", "## ", "\n#", "\r\n"]
    + list("ſ\u212aİıéß語ж²½Ⅻ٣\u0301\u00a0\u2003\u3000\u200b\u2028\x85\x1c😀𝟘\ue000\ufeff")
    + "MUST always Never required CRITICAL Warning important API rest GraphQL jwt OAuth oauth2 SAML database".split()
    + "SQL nosql MongoDB PostgreSQL redis authentication authorization security encryption deployment CI/CD".split()
    + "ci cd CI/ Docker kubernetes container React vue Angular TypeScript JavaScript Python Go rust".split()
    + "CamelCase XmlHttp snake_case a_b Host: localhost".split()
    + ["a longer run of plain words that fills a line", "x" * 40]
)
SOUP = list('{}[]:,"\\ \n0123456789-+.eEunatrflsg') + [
    '"tags"', '"tags":', '"x"', "null", "true", "NaN", "Infinity", "1e16", "\\ud83d", "\\ude00", "\\u0041", "é",
    '{"tags":[', "]}", "1.5", "-0", '"a_b"',
]


def random_scalar(source):
    while True:
        value = chr(source.choice((source.randrange(0x3000), source.randrange(0x10000), source.randrange(0x110000))))
        # Only what Python's Unicode knows: the two sides may be of different versions.
        if unicodedata.category(value) not in ("Cn", "Cs"):
            return value


def random_content(source):
    if source.random() < 0.1:
        return "".join(source.choice(ALPHABET) if source.random() < 0.6 else random_scalar(source) for _ in range(60))
    glue = source.choice(("", "", " ", " ", "\n"))
    return glue.join(source.choice(ALPHABET) for _ in range(int(source.expovariate(1 / 60))))


def random_number(source):
    return source.choice((
        lambda: str(source.randrange(-3, 4)),
        lambda: repr(float(source.randrange(-3, 4))),
        lambda: str(source.getrandbits(source.randrange(1, 200))),
        lambda: repr(source.random() * 10.0 ** source.randrange(-320, 308)),
        lambda: f"{source.randrange(10**6)}e{source.randrange(-12, 25)}",
        lambda: f"-{source.randrange(100)}.{source.randrange(1000)}E+{source.randrange(20)}",
    ))()


def random_metadata(source):
    def word():
        letters = source.choice(("abc", "AaBb", "API", "é😀", "\ud800\udbff\udc00x", '"\\/\n\0\x7f'))
        return json.dumps("".join(source.choice(letters) for _ in range(source.randrange(4))),
                          ensure_ascii=source.random() < 0.7 or letters[0] == "\ud800")

    def value(depth=0):
        kind = source.randrange(10 if depth < 3 else 8)
        if kind == 8:
            return "[" + ",".join(value(depth + 1) for _ in range(source.randrange(4))) + "]"
        if kind == 9:
            return "{" + ",".join(f"{word()}:{value(depth + 1)}" for _ in range(source.randrange(4))) + "}"
        return random_number(source) if kind > 4 else word() if kind > 1 else source.choice(
            ("null", "true", "false", "NaN", "Infinity", "-Infinity"))

    shape = source.random()
    if shape < 0.15:
        return None
    if shape < 0.3:
        return "".join(source.choice(SOUP) for _ in range(source.randrange(25)))
    items = ",".join(value(source.choice((3, 3, 3, 2))) for _ in range(source.randrange(14)))
    document = '{"priority": "x", "tags": [' + items + "]}" if shape < 0.8 else '{"tags": ' + value() + "}"
    if source.random() < 0.15:
        at = source.randrange(len(document))
        document = document[:at] + source.choice(SOUP) + document[at + source.randrange(2):]
    return document


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--random", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--pair", nargs=2, action="append", default=[])
    arguments = arguments.parse_args()

    cases = [case for pair in arguments.pair for case in cases_of_pair(*pair)]
    cases += hand_picked_contents()
    cases += hand_picked_metadata()
    source = random.Random(arguments.seed)
    for number in range(arguments.random):
        cases.append(case_of(f"random {arguments.seed}.{number}", random_content(source), random_metadata(source)))
    for case in cases:
        print(json.dumps(case))
    print(len(cases), "cases,", sum("problem" in case for case in cases), "with a problem,",
          sum("upstream" in case for case in cases), "of upstream", file=sys.stderr)


if __name__ == "__main__":
    main()
