<?php
$key = base64_decode(substr(getenv('WEBHOOK_SECRET'), strlen('whsec_')));
$body = file_get_contents('php://input');
$id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
$time = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
$wanted = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$time.$body", $key, true));
$genuine = false;
foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $signature) {
    $genuine = hash_equals($wanted, $signature) || $genuine;
}
if (!ctype_digit($time) || abs(time() - (int) $time) > 300 || !$genuine) {
    http_response_code(401);
    exit;
}
$event = json_decode($body, true);
try {
    if ($event['type'] === 'order.paid') {
        ['order_no' => $no, 'user_id' => $user, 'amount' => $amount] = $event['data'];
        $database = new PDO(getenv('DATABASE_DSN'), options: [PDO::ATTR_TIMEOUT => 10]);
        $database->beginTransaction();
        $insert = 'insert into credits values (?, ?, ?) on conflict (order_no) do nothing';
        $paid = $database->prepare($insert);
        $paid->execute([$no, $user, $amount]);
        if ($paid->rowCount() === 1) { // not the second of two
            $add = 'insert into accounts values (?, ?) on conflict (user_id)'
                . ' do update set balance = accounts.balance + excluded.balance';
            $database->prepare($add)->execute([$user, $amount]);
        }
        $database->commit();
    }
    http_response_code(204);
} catch (Throwable) {
    http_response_code(500); // budan sends it again
}
