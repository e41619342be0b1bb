"""The submission server: from a seller's socket to a handler that answers with a reply.

One session, file by file::

    server      listens, drains                     settings    what a listener is told
    entrance    before SMTP: proxies, implicit TLS  proxy       the PROXY header
    session     one connection: time, TLS, end      limits      what a session may use
    usage       what all of them use together       throttle    rates, and how long a failure waits
    dialogue    the verbs and their order           replies     every reply we give on our own
    command     one line: verb and argument         parameters  MAIL and RCPT, word by word
    login       tries, and how long they wait       auth        PLAIN and LOGIN
    data        what ends a line and a message      tasks       a mail outlives its connection
    channel     the seam of dialogue and session    handler     who decides what a mail is worth

Beside them ``tls`` (the certificate) and ``sink`` (a stand-in relay for the demo and the tests).
"""
