<?php
// Sends one mail as WordPress, WooCommerce and most PHP shops do: PHPMailer over SMTP. The order is JSON on
// standard input; what PHPMailer shows its user goes to standard output; exit code 0 when it says that it has sent.
require '/usr/share/php/libphp-phpmailer/autoload.php';

$order = json_decode(stream_get_contents(STDIN), true, 8, JSON_THROW_ON_ERROR);
$mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->isSMTP();
$mail->Host = 'localhost';
$mail->Port = $order['port'];
$mail->Timeout = 60;
$mail->SMTPDebug = 2;
$mail->Debugoutput = 'echo';
$mail->SMTPSecure = ['none' => '', 'starttls' => 'tls', 'implicit' => 'ssl'][$order['tls']];
$mail->SMTPAutoTLS = $order['tls'] !== 'none';
$mail->SMTPOptions = ['ssl' => ['cafile' => $order['ca']]];
if ($order['mechanism'] !== '') {
    $mail->SMTPAuth = true;
    $mail->AuthType = $order['mechanism'];
    $mail->Username = $order['user'];
    $mail->Password = $order['password'];
}
$mail->CharSet = 'UTF-8';
$mail->Encoding = $order['eight_bit'] ? '8bit' : '7bit';
if ($order['dsn']) {
    $mail->dsn = 'SUCCESS,FAILURE';
}
try {
    $mail->setFrom($order['from'], 'Harbour Tea');
    foreach ($order['to'] as $recipient) {
        $mail->addAddress($recipient);
    }
    $mail->Subject = $order['subject'];
    $mail->Body = $order['text'];
    if ($order['attachment'] !== null) {
        $mail->addAttachment($order['attachment']);
    }
    $mail->send();
    echo $mail->getSMTPInstance()->getLastReply();
} catch (PHPMailer\PHPMailer\Exception $error) {
    echo $mail->ErrorInfo;
    exit(1);
}
