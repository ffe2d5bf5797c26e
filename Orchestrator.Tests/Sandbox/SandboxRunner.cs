using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Orchestrator.Core;
using Orchestrator.Core.Engines;
using Orchestrator.Guest.Protocol;
using Orchestrator.Tests.Engines;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Sandbox;

/// <summary>How code gets into a runner.</summary>
public enum Way
{
    /// <summary>Through the orchestrator and the engine.</summary>
    Exec,

    /// <summary>Straight to the runner's own <c>POST /run</c>.</summary>
    Run,
}

/// <summary>What became of code.</summary>
internal sealed record Outcome(int? ExitCode, bool TimedOut, bool Truncated, string Stdout, string Stderr, string? Error = null, bool StillRunning = false);

/// <summary>A runner with untrusted code in it, and what is seen of it from outside.</summary>
internal sealed class SandboxRunner(IRunnerEngine engine, EngineHttp docker, RunnerSpec spec, RunnerPlacement placement)
{
    private const string Program = "/opt/orchestrator/Orchestrator.Guest";

    public RunnerSpec Spec => spec;

    public RunnerPlacement Placement => placement;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public Task<Outcome> BashAsync(Way way, string code, double seconds = 20) => CodeAsync(way, "bash", code, seconds, Cancel);

    public Task<Outcome> PythonAsync(Way way, string code, double seconds = 60) => CodeAsync(way, "python", code, seconds, Cancel);

    /// <summary>Runs Bash code for a caller that may leave.</summary>
    public async Task<Outcome> BashForAsync(Way way, string code, CancellationToken caller)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(Cancel, caller);
        return await CodeAsync(way, "bash", code, 600, either.Token);
    }

    /// <summary>Runs a Python program that reads a text, through the orchestrator.</summary>
    public Task<Outcome> PythonReadingAsync(string code, string stdin) => ExecAsync(["python3", "-c", code], stdin, 60, Cancel);

    /// <summary>The server answers within five seconds.</summary>
    public async Task<bool> IsHealthyAsync()
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            return await client.GetStringAsync($"http://127.0.0.1:{placement.Port}/healthz", Cancel) == "OK";
        }
        catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !Cancel.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>Both ways work, in the end.</summary>
    public async Task RecoversAsync()
    {
        Way[] ways = placement.Port is null ? [Way.Exec] : [Way.Exec, Way.Run];
        foreach (var way in ways)
        {
            await Eventually.TrueAsync(async () => (await BashAsync(way, "echo well")).Stdout == "well\n", what: $"{way} working");
        }
    }

    /// <summary>The command lines in the container but for those of the runner itself, as the engine sees them.</summary>
    public async Task<IReadOnlyList<string>> ProcessesAsync()
    {
        var top = await docker.GetAsync($"/containers/{placement.Handle}/top?ps_args=-eo%20pid,args");
        return [.. top!["Processes"]!.AsArray()
            .Select(process => process!.AsArray()[^1]!.GetValue<string>())
            .Where(line => line is not (Program or $"{Program} agent") && !line.Contains("init -- ", StringComparison.Ordinal))];
    }

    /// <summary>Nothing that was run is left, or only what a killed process leaves for a moment.</summary>
    public async Task HoldsNothingAsync(TimeSpan? within = null)
    {
        IReadOnlyList<string> left = [];
        await Eventually.TrueAsync(async () => (left = await ProcessesAsync()).Count == 0, within ?? TimeSpan.FromSeconds(5), $"Nothing left in the container (last: {string.Join(", ", left)})");
    }

    /// <summary>When the container's main process started: another time means that it ended in between.</summary>
    public async Task<string> StartedAtAsync()
    {
        var state = (await docker.GetAsync($"/containers/{placement.Handle}/json"))!["State"]!;
        Assert.True(state["Running"]!.GetValue<bool>(), "The container ended.");
        return state["StartedAt"]!.GetValue<string>();
    }

    /// <summary>The host's file that holds a figure of the container's control group; its name differs between the two versions.</summary>
    public async Task<string> FigureAsync(params string[] names)
    {
        var state = (await docker.GetAsync($"/containers/{placement.Handle}/json"))!["State"]!;
        var root = $"/proc/{state["Pid"]!.GetValue<int>()}/root/sys/fs/cgroup";
        var file = names.Select(name => Path.Combine(root, name)).FirstOrDefault(File.Exists);
        if (file is null)
        {
            Components.Missing(Component.ControlGroups, $"none of {string.Join(", ", names)} below {root}");
        }

        return (await File.ReadAllTextAsync(file!, Cancel)).Trim();
    }

    private Task<Outcome> CodeAsync(Way way, string language, string code, double seconds, CancellationToken cancellationToken) =>
        way == Way.Run
            ? RunAsync(language, code, seconds, cancellationToken)
            : ExecAsync([language == "python" ? "python3" : "bash", "-c", code], null, seconds, cancellationToken);

    private async Task<Outcome> ExecAsync(string[] command, string? stdin, double seconds, CancellationToken cancellationToken)
    {
        var output = new TextOutput();
        var request = new ExecRequest(command, stdin, new Dictionary<string, string>(), TimeSpan.FromSeconds(seconds));
        var result = await engine.ExecAsync(placement, spec.RunnerId, spec.Token, request, output, cancellationToken);
        return new Outcome(result.ExitCode, result.TimedOut, result.Truncated, output.Stdout, output.Stderr, StillRunning: result.StillRunning);
    }

    private async Task<Outcome> RunAsync(string language, string code, double seconds, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(seconds + 20) };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{placement.Port}/run")
        {
            Content = new StringContent(JsonSerializer.Serialize(new { language, code, timeoutSeconds = seconds }), Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", spec.Token);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            return new Outcome(null, false, false, "", "", await response.Content.ReadAsStringAsync(cancellationToken));
        }

        var (stdout, stderr) = (new StringBuilder(), new StringBuilder());
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            if (item.EventType == "exit")
            {
                var exit = CommandExit.Parse(Encoding.UTF8.GetBytes(item.Data));
                return new Outcome(exit.ExitCode, exit.TimedOut, exit.Truncated, stdout.ToString(), stderr.ToString(), exit.Error);
            }

            (item.EventType == "stdout" ? stdout : stderr).Append(JsonSerializer.Deserialize<string>(item.Data));
        }

        return new Outcome(null, false, false, stdout.ToString(), stderr.ToString(), "The answer ended early.");
    }
}
