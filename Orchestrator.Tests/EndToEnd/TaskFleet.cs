using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.EndToEnd;

/// <summary>
/// What works tasks off, as processes of their own on the real engine: one for all, or an API and a worker on a real
/// Redis or Valkey.
/// </summary>
internal sealed class TaskFleet : IAsyncDisposable
{
    private readonly string[] _settings;
    private readonly RedisServer? _redis;
    private ProgramProcess? _worker;
    private HttpClient? _workersPod;

    private TaskFleet(RedisServer? redis, string[] settings) => (_redis, _settings) = (redis, settings);

    public ApiServer Api { get; private set; } = null!;

    public HttpClient Pod => _workersPod ?? Api.Pod;

    public bool IsDistributed => _redis is not null;

    /// <summary>Starts it; without a program all is in one process.</summary>
    public static async Task<TaskFleet> StartAsync(string? program, params string[] settings)
    {
        var fleet = new TaskFleet(program is null ? null : await RedisServer.StartNewAsync(program), settings);
        try
        {
            fleet.Api = await ApiServer.StartAsync(
                fleet._redis is { } redis ? [.. settings, $"--ConnectionStrings:redis={redis.ConnectionString}"] : settings);
            await fleet.StartWorkerAsync();
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Kills what works tasks off; what takes them in may go with it.</summary>
    public async Task KillWorkerAsync()
    {
        if (_worker is null)
        {
            await Api.KillAsync();
        }
        else
        {
            await _worker.KillAsync();
        }
    }

    /// <summary>Starts it again.</summary>
    public async Task StartWorkerAgainAsync()
    {
        if (_worker is null)
        {
            await Api.StartAgainAsync();
            return;
        }

        _workersPod!.Dispose();
        await _worker.DisposeAsync();
        await StartWorkerAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _workersPod?.Dispose();
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }

        if (Api is not null)
        {
            await Api.DisposeAsync();
        }

        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }

    private async Task StartWorkerAsync()
    {
        if (_redis is null)
        {
            return;
        }

        // Command lines and variables say the same, in two ways.
        var variables = _settings.Select(setting => setting.TrimStart('-').Split('=', 2)).Select(pair => (pair[0].Replace(":", "__", StringComparison.Ordinal), pair[1]));
        _worker = await ProgramProcess.StartAsync(
            "Orchestrator.Worker",
            [
                .. variables, ("ASPNETCORE_ENVIRONMENT", "Development"), ("POD_PORT", "0"), ("ConnectionStrings__redis", _redis.ConnectionString),
                ("Tasks__ApiUrl", Api.Sessions.BaseAddress!.ToString()), ("Tasks__VisibilitySeconds", "5"),
            ]);
        _workersPod = new HttpClient { BaseAddress = _worker.AddressOf("pod"), Timeout = TimeSpan.FromSeconds(60) };
    }
}
