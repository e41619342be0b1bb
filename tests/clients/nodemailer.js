// Sends one mail as shops and ERPs in JavaScript do: Nodemailer over SMTP. The order is JSON on standard input; what
// Nodemailer shows its user goes to standard output; exit code 0 when it says that it has sent.
const fs = require('fs');
const nodemailer = require('nodemailer');

const order = JSON.parse(fs.readFileSync(0, 'utf8'));
const transport = nodemailer.createTransport({
  host: 'localhost',
  port: order.port,
  secure: order.tls === 'implicit',
  requireTLS: order.tls === 'starttls',
  ignoreTLS: order.tls === 'none',
  tls: { ca: fs.readFileSync(order.ca) },
  authMethod: order.mechanism || undefined,
  auth: order.mechanism ? { user: order.user, pass: order.password } : undefined,
});

transport
  .sendMail({
    from: { name: 'Harbour Tea', address: order.from },
    to: order.to,
    subject: order.subject,
    text: order.text,
    textEncoding: order.eight_bit ? 'base64' : undefined,
    attachments: order.attachment ? [{ path: order.attachment }] : [],
    dsn: order.dsn ? { id: 'QQ314159', return: 'headers', notify: ['success', 'failure'] } : undefined,
  })
  .then((info) => console.log(info.response))
  .catch((error) => {
    console.log(error.message);
    process.exitCode = 1;
  });
