<?php
// Sends back what it gets, by Workerman, in one process: `workerman.php text|frame|websocket|http <autoload.php>`.
use Workerman\Protocols\Http\Response;
use Workerman\Worker;

[, $scheme, $autoload] = $argv;
require $autoload;

$answers = [
    'text' => fn ($connection, $line) => $connection->send($line),
    'frame' => fn ($connection, $frame) => $connection->send($frame),
    'websocket' => fn ($connection, $message) => $connection->send($message),
    'http' => fn ($connection, $request) => $connection->send(
        new Response(200, ['Content-Type' => 'text/plain; charset=utf-8'], $request->uri())
    ),
];
if (!isset($answers[$scheme])) {
    fwrite(STDERR, "schemes: text frame websocket http\n");
    exit(2);
}

// It cannot tell which port it got, so one is found for it.
$probe = stream_socket_server('tcp://127.0.0.1:0');
$port = (int) substr(strrchr(stream_socket_get_name($probe, false), ':'), 1);
fclose($probe);

$folder = sys_get_temp_dir() . '/sock-bench-workerman-' . getmypid();
mkdir($folder);
Worker::$pidFile = "$folder/pid";
Worker::$logFile = "$folder/log";
$master = getmypid();
register_shutdown_function(function () use ($folder, $master) {
    // Its workers come by here too.
    if (getmypid() !== $master) return;
    array_map('unlink', glob("$folder/*"));
    rmdir($folder);
});

$worker = new Worker("$scheme://127.0.0.1:$port");
$worker->count = 1;
$worker->onWorkerStart = function () use ($port, $scheme) {
    fwrite(STDOUT, "listening on $scheme://127.0.0.1:$port as " . getmypid() . "\n");
};
$worker->onConnect = function ($connection) {
    $connection->maxSendBufferSize = 64 << 20;
    without_delay($connection);
};
$worker->onMessage = function ($connection, $message) use ($scheme, $answers) {
    // A WebSocket's answers are of the kind that came.
    if ($scheme === 'websocket') {
        $connection->websocketType = Workerman\Protocols\Websocket::BINARY_TYPE_ARRAYBUFFER;
    }
    $answers[$scheme]($connection, $message);
};

/** As every server here. */
function without_delay($connection): void
{
    $socket = function_exists('socket_import_stream') ? socket_import_stream($connection->getSocket()) : null;
    if ($socket) {
        socket_set_option($socket, SOL_TCP, TCP_NODELAY, 1);
    }
}

$argv = ['workerman.php', 'start', '-q'];
$_SERVER['argv'] = $argv;
Worker::runAll();
