"""Texts as they stand in tables of libraries, in the encodings of their countries, and how to read each.

An empty codec in place of the right one: the text is to be refused, because none of the encodings that are
known is right, or because too little is there to decide.
"""

from __future__ import annotations

from typing import Final

KOREAN: Final = {
    "list": "번호,제목,저자\n1,한 해를 넘긴 우크라이나 전쟁의 향방 전망,서동만\n",
    "English with a header": "번호,제목,저자,분류\n1,Assessment of the Ninth Summit,SONG,IFANS Focus\n",
    "one name": "idx_no,title,author\n1,Trilateral Summit,서동만\n",
    "mixed script": "번호,제목\n1,日本의 對北 政策과 韓半島의 平和\n2,北韓의 核開發에 대한 立場\n",
    "ideographs": "no,title\n1,國際情勢展望\n2,外交安保政策\n",
    "syllables beyond EUC-KR": "번호,제목\n1,똠방각하가 펲시콜라를 마신다\n",
    "novel": "no,title\n1,엄마를 부탁해\n2,채식주의자\n3,난장이가 쏘아올린 작은 공\n",
}
JAPANESE: Final = {
    "policy": "番号,題名\n1,日本の外交政策について\n2,朝鮮半島の平和に関する研究\n",
    "novel": "id,title\n1,吾輩は猫である\n2,雪国\n3,ノルウェイの森\n",
    "one name": "id,title,author\n1,Snow Country,かわばた やすなり\n",
    "katakana": "id,title\n1,コンピュータネットワーク\n",
}
CHINESE: Final = {
    "policy": "编号,标题\n1,关于朝鲜半岛和平问题的报告\n2,中国外交政策与国际关系的发展\n",
    "novel": "编号,书名\n1,红楼梦\n2,三国演义\n3,我不是潘金莲\n4,活着\n5,中国哲学简史\n",
    "history": "id,title\n1,中国近代史研究\n2,世界文学史\n",
}
WESTERN: Final = {
    "French": "numéro,titre\n1,L’été à la Réunion\n2,À la recherche du temps perdu\n3,Œuvres complètes\n",
    "German": "Nr,Titel,Verfasser\n1,Über die Brücke,Jürgen Groß\n2,Die Bücher der Könige,Käthe Müller\n",
    "one umlaut": "id,title,author\n1,The Trial,Müller\n",
    "capitals": "ID,TITEL\n1,DIE BRÜDER\n2,ÖSTERREICH\n",
    "Spanish": "id,título\n1,¿Qué es la poesía?\n2,El año de los niños – ¡cuéntame!\n",
    "Portuguese": "nº,título\n1,Memórias póstumas de Brás Cubas\n2,São Bernardo\n3,Coração\n",
    "Danish": "nr,titel\n1,Frøken Smillas fornemmelse for sne\n2,Kærlighed på Ærø\n3,Blå øjne\n",
    "English with quotes": "no,title\n1,South Korea’s Arms Exports and Japan’s reaction\n",
    "units": "no,title\n1,A flat of 50 m²\n2,20 °C ± 2\n3,Korea · Japan\n",
}
# Refused: nobody here knows these encodings, and each decodes in one of those that are known.
FOREIGN: Final = {
    "Russian in CP1251": ("номер,название\n1,Внешняя политика Кореи\n2,Война и мир\n", "cp1251"),
    "Russian in KOI8-R": ("номер,название\n1,Внешняя политика Кореи\n2,Война и мир\n", "koi8_r"),
    "Greek in CP1253": ("αριθμός,τίτλος\n1,Βίος και πολιτεία του Αλέξη Ζορμπά\n", "cp1253"),
    "Polish in CP1250": ("nr,tytuł\n1,Zażółć gęślą jaźń\n2,Książę i żebrak\n", "cp1250"),
    "Big5": ("編號,標題\n1,關於朝鮮半島和平問題的研究報告\n2,紅樓夢\n", "big5"),
    "EUC-JP": ("番号,題名\n1,日本の外交政策について\n2,朝鮮半島の平和に関する研究\n", "euc_jp"),
    "German of MacOS": ("Nr,Titel\n1,Über die Brücke\n2,Jürgen Groß, Käthe Müller\n", "mac_roman"),
    "German of DOS": ("Nr,Titel\n1,Über die Brücke\n2,Jürgen Groß, Käthe Müller\n", "cp437"),
}


def _cases() -> dict[str, tuple[bytes, str]]:
    known = {"cp949": KOREAN, "cp932": JAPANESE, "gb18030": CHINESE, "cp1252": WESTERN}
    cases = {
        f"{codec}: {name}": (text.encode(codec), codec)
        for codec, texts in known.items()
        for name, text in texts.items()
    }
    cases |= {name: (text.encode(codec), "") for name, (text, codec) in FOREIGN.items()}
    for name, text in {**KOREAN, **JAPANESE, **CHINESE, **WESTERN}.items():
        content = text.encode()
        # The last byte of the last character beyond ASCII is lost, as by a program that cuts texts by bytes.
        last = max(place for place, byte in enumerate(content) if byte > 127)
        if sum(not character.isascii() for character in text) >= 3:
            cases[f"UTF-8 with a broken byte: {name}"] = (content[:last] + content[last + 1 :], "")
    return cases


# The bytes of each, and the codec by which they are to be read.
CASES: Final = _cases()
