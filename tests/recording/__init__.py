"""A recorder of the server's answers: a change of the code that should change none can be held to it.

    python -m tests.recording record FOLDER --code CHECKOUT
    python -m tests.recording compare FOLDER

``record`` starts real servers of a checkout (this one unless ``--code`` names another): on the project's
own data, on a generated catalogue with further saved queries, on a small dataset with every way to write
a saved query, and with other settings. It sends each a fixed list of requests and writes one text file
for each answer: the request, the status, the headers, the body. What differs between any two runs, such
as dates and request ids, is replaced (:mod:`tests.recording.normal`). The commands are recorded too, as
what they print.

``compare`` records this checkout anew and prints a unified diff of all that differs; its exit code is 1 when
anything does. With a second folder it compares two recordings and starts nothing. A recording of the version
before a change and the version with it is made with ``git worktree``::

    git worktree add ../before main
    python -m tests.recording record ../recorded --code ../before
    python -m tests.recording compare ../recorded

``--subject NAME`` takes one server only, or ``commands``; ``--only REGEX`` the requests whose names match;
``--ignore REGEX`` leaves lines out of the comparison (``--ignore '^vary: '``). A change that many answers
have alike is printed once. Requests that may answer differently say so in the corpus; their differences
are printed last and do not count. The requests are built from lists in :mod:`tests.recording.corpus`;
one that is new there is reported as missing from an older recording.
"""
