"""Makes the papers beside this file with the programs that offices have; run by hand, where they are installed.

    PYTHONPATH=tests python tests/papers/make.py        needs soffice, wixl, javac, jar, openssl and msoffcrypto-tool

The tests read what is stored, so that they need none of these programs. Each paper names somebody in
every place where such a paper can: see NAMES in tests/kit/papers.py.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import docx
import openpyxl
from kit.papers import NAMES
from openpyxl.comments import Comment

HERE = Path(__file__).parent

SLIDES = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" office:version="1.2"
 office:mimetype="application/vnd.oasis.opendocument.presentation">
<office:automatic-styles><style:page-layout style:name="L"><style:page-layout-properties fo:page-width="28cm" fo:page-height="21cm"/>
</style:page-layout></office:automatic-styles>
<office:master-styles><style:master-page style:name="M" style:page-layout-name="L"/></office:master-styles>
<office:body><office:presentation><draw:page draw:name="een" draw:master-page-name="M">
<draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" svg:height="3cm"><draw:text-box><text:p>{body}</text:p></draw:text-box></draw:frame>
<presentation:notes><draw:frame presentation:class="notes" svg:x="2cm" svg:y="14cm" svg:width="16cm" svg:height="6cm"><draw:text-box>
<text:p>{note}</text:p></draw:text-box></draw:frame></presentation:notes>
</draw:page></office:presentation></office:body></office:document>
"""

INSTALLER = """<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Name="Sample" Id="*" UpgradeCode="b94e8a4e-0d43-4b1e-8e3a-3d3f2d0c1a11" Language="1033" Version="1.0.0" Manufacturer="Sample">
    <Package Description="Sample" Comments="Sample" InstallerVersion="200" Compressed="yes"/>
    <Media Id="1" Cabinet="s.cab" EmbedCab="yes"/>
    <Directory Id="TARGETDIR" Name="SourceDir"><Component Id="C" Guid="3a5a4c6e-53f0-4a2a-8a7e-8f1b1c0c2d22">
      <File Id="F" Name="s.txt" DiskId="1" Source="s.txt" KeyPath="yes"/></Component></Directory>
    <Feature Id="A" Level="1"><ComponentRef Id="C"/></Feature>
  </Product>
</Wix>
"""


def run(*command: str | Path, cwd: Path) -> None:
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, stdout=subprocess.DEVNULL)


def converted(source: Path, *endings: str) -> None:
    """By LibreOffice, beside the source."""
    for ending in endings:
        profile = f"-env:UserInstallation=file://{source.parent}/profile"
        run("soffice", "--headless", profile, "--convert-to", ending, "--outdir", source.parent, source, cwd=source.parent)


def letter(path: Path) -> None:
    document = docx.Document()
    section = document.sections[0]
    section.header.paragraphs[0].text, section.footer.paragraphs[0].text = NAMES["header"], NAMES["footer"]
    document.core_properties.title = f"Brief aan {NAMES['property']}"
    paragraph = document.add_paragraph(f"Geachte directie van {NAMES['body']}, hierbij de cijfers.")
    document.add_comment(paragraph.runs[0], f"Voor {NAMES['comment']} ook?", author="P. Bakker")
    document.add_table(1, 1).cell(0, 0).text = NAMES["table"]
    document.save(str(path))


def ledger(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = NAMES["sheet"]
    book.active["A1"], book.active["B1"] = NAMES["body"], 12345678
    book.active["A1"].comment = Comment(f"Voor {NAMES['comment']} ook?", "P. Bakker")
    book.active.oddHeader.center.text, book.active.oddFooter.center.text = NAMES["header"], NAMES["footer"]
    hidden = book.create_sheet("weg")
    hidden["A1"], hidden.sheet_state = NAMES["hidden"], "hidden"
    book.properties.title = f"Cijfers van {NAMES['property']}"
    book.save(path)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        letter(work / "letter.docx")
        converted(work / "letter.docx", "doc", "odt", "rtf", "pdf", "dot:MS Word 97 Vorlage")
        ledger(work / "ledger.xlsx")
        converted(work / "ledger.xlsx", "xls", "ods", "xlt:MS Excel 97 Vorlage/Template")
        (work / "slides.fodp").write_text(SLIDES.format(**NAMES), encoding="utf-8")
        converted(work / "slides.fodp", "ppt", "pptx", "odp")
        for name in ("letter.docx", "ledger.xlsx", "slides.pptx"):
            run("msoffcrypto-tool", "-e", "-p", "geheim", name, f"protected-{name}", cwd=work)
        (work / "s.txt").write_text("sample\n")
        (work / "s.wxs").write_text(INSTALLER)
        run("wixl", "-o", "installer.msi", "s.wxs", cwd=work)
        (work / "Main.java").write_text("class Main { public static void main(String[] a) {} }\n")
        run("javac", "Main.java", cwd=work)
        run("jar", "cfe", "program.jar", "Main", "Main.class", cwd=work)
        run(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "k.pem",
            "-out",
            "c.pem",
            "-subj",
            "/CN=P. Bakker",
            cwd=work,
        )
        run("openssl", "smime", "-sign", "-in", "s.txt", "-signer", "c.pem", "-inkey", "k.pem", "-outform", "DER", "-nodetach", "-out",
            "signed.p7m", cwd=work)  # fmt: skip
        for stem in ("letter", "ledger", "slides", "protected", "installer", "program", "signed"):
            for path in work.glob(f"{stem}*"):
                shutil.copy(path, HERE / path.name)


if __name__ == "__main__":
    main()
