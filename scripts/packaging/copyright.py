#!/usr/bin/env python3
"""Writes /usr/share/doc/fedmpi/copyright, in the format of Debian's policy, and gathers the notices that licences ask for.

    copyright.py CHECKOUTS FOLDER PACKAGE…

CHECKOUTS holds the sources of the Swift packages (.build/checkouts), PACKAGE… are those that the programs are linked with. FOLDER
gets `copyright`, and in `notices` each package's NOTICE. A package with a licence that is not known here ends it with 1.
"""
import re
import sys
from collections import Counter
from pathlib import Path

# As its files' first lines say.
BORINGSSL = (
    "boringssl", "1995-2020 The OpenSSL Project Authors\n 2014-2026 The BoringSSL Authors\n 2002 Oracle and/or its affiliates\n 2005 Nokia\n"
    " 2012-2014 Intel Corporation", "Apache-2.0")
# What packages and Swift's own library carry within them.
WITHIN = {
    "Yams": ("libyaml", "2017-2020 Ingy döt Net\n 2006-2016 Kirill Simonov", "Expat"),
    "swift-nio": ("llhttp", "2018 Fedor Indutny", "Expat"),
    "swift-nio-ssl": BORINGSSL,
    "swift-crypto": BORINGSSL,
}
TEXTS = {
    "Apache-2.0": "On Debian systems the whole text is in /usr/share/common-licenses/Apache-2.0.",
    "Apache-2.0-with-Swift-exception": """On Debian systems the text of Apache 2.0 is in /usr/share/common-licenses/Apache-2.0.

Runtime Library Exception: As an exception, if you use this Software to compile your source code and portions of this Software are
embedded into the binary product as a result, you may redistribute such product without providing attribution as would otherwise be
required by Sections 4(a), 4(b) and 4(d) of the License.""",
    "Expat": """Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files
(the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge,
publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do
so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE
FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION
WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.""",
    "Unicode-3.0": """Permission is hereby granted, free of charge, to any person obtaining a copy of data files and any associated documentation (the
"Data Files") or software and any associated documentation (the "Software") to deal in the Data Files or Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute, and/or sell copies of the Data Files or
Software, and to permit persons to whom the Data Files or Software are furnished to do so, provided that either (a) this copyright and
permission notice appear with all copies of the Data Files or Software, or (b) this copyright and permission notice appear in
associated Documentation.

THE DATA FILES AND SOFTWARE ARE PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT OF THIRD PARTY RIGHTS. IN NO EVENT SHALL THE
COPYRIGHT HOLDER OR HOLDERS INCLUDED IN THIS NOTICE BE LIABLE FOR ANY CLAIM, OR ANY SPECIAL INDIRECT OR CONSEQUENTIAL DAMAGES, OR ANY
DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION,
ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THE DATA FILES OR SOFTWARE.

Except as contained in this notice, the name of a copyright holder shall not be used in advertising or otherwise to promote the sale,
use or other dealings in these Data Files or Software without prior written authorization of the copyright holder.""",
}
LIBRARIES = """The C libraries are Debian's packages: Open MPI (BSD-3-clause), oneDNN (Apache-2.0), zlib (Zlib), Zstandard (BSD-3-clause or GPL-2),
libpng (libpng), libjpeg-turbo (BSD-3-clause, IJG), OpenSSL (Apache-2.0), libgcrypt (LGPL-2.1+) and SQLite (public domain). They are
linked at run time, and each has its /usr/share/doc/PACKAGE/copyright. What is linked into the programs stands below as linked/NAME."""


def licence(folder):
    """A package's licence by the text of its LICENSE."""
    for file in sorted(folder.glob("LICENSE*")):
        text = file.read_text()
        if "Apache License" in text:
            return "Apache-2.0-with-Swift-exception" if "Runtime Library Exception" in text else "Apache-2.0"
        if "MIT License" in text:
            return "Expat"
    sys.exit(f"copyright.py: no licence that is known in {folder}")


def holders(folder):
    """Who most of a package's sources say holds the rights, and the years."""
    found, years = Counter(), set()
    for file in [*folder.glob("Sources/**/*.swift"), *folder.glob("LICENSE*")]:
        for year, name in re.findall(r"[Cc]opyright \([Cc]\) ([0-9]{4})[0-9, -]* +(.*)", file.read_text(errors="replace")[:2000]):
            found[name.split(" All rights")[0].rstrip(". */")] += 1
            years.add(int(year))
    names = [name for name, count in found.most_common(2) if name and name not in ("Yams", "[name of copyright owner]")]
    return f"{min(years)} {names[0]}" if names else f"the {folder.name} authors"


def paragraph(text):
    """Text as a field's further lines."""
    return "\n".join(" " + (line or ".") for line in text.splitlines())


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__.strip())
    checkouts, out = Path(sys.argv[1]), Path(sys.argv[2])
    stanzas = [("*", "2026 the fedmpi maintainers", "Apache-2.0")]
    stanzas += [("linked/swift/*", "2014-2026 Apple Inc. and the Swift project authors", "Apache-2.0-with-Swift-exception")]
    stanzas += [("linked/swift/icu/*", "2016-2024 Unicode, Inc.", "Unicode-3.0")]
    notices = out / "notices"
    for name in sorted(sys.argv[3:], key=str.lower):
        folder = checkouts / name
        if not folder.is_dir():
            sys.exit(f"copyright.py: there is no {folder}: swift package resolve")
        stanzas.append((f"linked/{name}/*", holders(folder), licence(folder)))
        if name in WITHIN:
            within, by, kind = WITHIN[name]
            stanzas.append((f"linked/{name}/{within}/*", by, kind))
        for file in folder.glob("NOTICE*"):
            notices.mkdir(exist_ok=True)
            (notices / name).write_text("\n".join(line.rstrip() for line in file.read_text().splitlines()) + "\n")
    print("Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: fedmpi\nComment:", file=(f := open(out / "copyright", "w")))
    print(paragraph(LIBRARIES), file=f)
    for files, by, kind in stanzas:
        print(f"\nFiles: {files}\nCopyright: {by}\nLicense: {kind}", file=f)
    for kind in sorted({kind for _, _, kind in stanzas}):
        print(f"\nLicense: {kind}\n{paragraph(TEXTS[kind])}", file=f)
    f.close()


main()
