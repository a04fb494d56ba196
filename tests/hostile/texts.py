"""Texts that break programs, to be typed everywhere: every script, every direction, and what no keyboard types."""

from __future__ import annotations

from hypothesis import strategies as st

NASTY = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "'; DROP TABLE account; --",
    '" OR ""="',
    "%' OR 1=1 --",
    "NULL",
    "a\0b",
    "line\nline\r\nline",
    "\u202etxt.exe\u202c abc",
    "\u2066isolated\u2069",
    "\ufeffBOM",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "\u0645\u062d\u0645\u062f \u0628\u0646 \u0639\u0644\u064a",
    "\u5f20\u4f1f \u738b\u5c0f\u660e",
    "\u0928\u092e\u0938\u094d\u0924\u0947",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 family",
    "\U0001f1e9\U0001f1ea",
    "Z\u0351\u036b\u0343\u036a\u0302\u036ba\u0321\u034al\u0321\u030ag\u0324o",
    "e\u0301 vs \u00e9",
    "\u0130stanbul \u0131\u00df\ufb01",
    "\u200b\u200b\u200b",
    "<b>bold</b> &amp; <script>alert(1)</script>",
    "<para><font size=900>x</font></para>",
    "{0} {name} %s %d %(x)s ${HOME} `id`",
    "\x07\x08\x1b[31m",
    "\x85\x9b\u2028\u2029",
    "\ufffe\uffff\U0010ffff",
    "\ue000\uf8ff",
    "W" * 180,
    "no breaks " * 15,
    "AT&T \"quoted\", 'single', back\\slash/slash",
    "Subject: hi\r\nBcc: everybody@example.com",
)

anything = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
typed = st.sampled_from(NASTY) | anything | st.builds(lambda a, b: a + b, st.sampled_from(NASTY), anything)
