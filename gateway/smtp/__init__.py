"""The submission server: from a seller's socket to a handler that answers with a reply.

One session, file by file::

    server      listens, admits, drains            limits     what a session may use
    session     one connection: time, TLS, replies  dialogue   the verbs and their order
    parameters  MAIL and RCPT, word by word         auth       PLAIN and LOGIN
    data        what ends a line and a message      tasks      a message outlives its connection
    replies     every reply we give on our own      handler    who decides what a mail is worth

Beside them ``tls`` (the certificate) and ``sink`` (a stand-in relay for the demo and the tests).
"""
