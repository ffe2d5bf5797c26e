using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Orchestrator.Guest;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest;

/// <summary>The program from outside: its start, its end and its agent.</summary>
public sealed class GuestProgramTests
{
    private const string Hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"; // of "test"

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(GuestSettings.TokenHashVariable, null)]
    [InlineData(GuestSettings.TokenHashVariable, "short")]
    [InlineData(GuestSettings.TokenHashVariable, "zf86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    [InlineData(GuestSettings.PortVariable, "65536")]
    [InlineData(GuestSettings.PortVariable, "http")]
    [InlineData(GuestSettings.BindVariable, "everywhere")]
    public async Task Serve_WrongVariable_StopsWithOneLineThatNamesIt(string variable, string? value)
    {
        using var process = RunnerProcess.Start(
            ["serve", "--same-user"], environment: [(GuestSettings.TokenHashVariable, Hash), (variable, value)]);

        var lines = (await process.StandardError.ReadToEndAsync(Cancelled)).Trim().Split('\n');
        await process.WaitForExitAsync(Cancelled);

        Assert.Equal(1, process.ExitCode);
        Assert.Contains(variable, Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Main_UnknownRole_ShowsTheUsage()
    {
        using var process = RunnerProcess.Start(["dance"]);
        var text = await process.StandardError.ReadToEndAsync(Cancelled);
        await process.WaitForExitAsync(Cancelled);

        Assert.Equal(64, process.ExitCode);
        Assert.StartsWith("Usage:", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_SigTermWhileCodeRuns_EndsAtOnceAndTakesTheCodeAlong()
    {
        var sleep = $"sleep 7{Random.Shared.Next(100_000, 999_999)}";
        using var process = RunnerProcess.Start(
            ["serve", "--same-user"], environment: [(GuestSettings.TokenHashVariable, Hash), (GuestSettings.PortVariable, "0")]);
        using var client = await ClientOfAsync(process);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/run")
        {
            Content = new StringContent($$"""{"language":"bash","code":"setsid {{sleep}} & echo begun; {{sleep}}"}""", Encoding.UTF8, "application/json"),
        };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancelled));
        Assert.Equal("event: stdout", await reader.ReadLineAsync(Cancelled));

        var began = Stopwatch.GetTimestamp();
        using (Subprocess.Start("kill", ["-TERM", $"{process.Id}"]))
        {
            await process.WaitForExitAsync(Cancelled);
        }

        // 100 ms is what it takes alone; the rest is for a machine that is busy with other tests.
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 0, 1000);
        Assert.Equal(0, process.ExitCode);
        await RunnerProcess.NoneLeftAsync(sleep);
    }

    [Fact]
    public async Task Serve_Stop_AnswersBeforeItEnds()
    {
        using var process = RunnerProcess.Start(
            ["serve", "--same-user"], environment: [(GuestSettings.TokenHashVariable, Hash), (GuestSettings.PortVariable, "0")]);
        using var client = await ClientOfAsync(process);

        using var response = await client.PostAsync("/stop", null, Cancelled);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        await process.WaitForExitAsync(Cancelled).WaitAsync(TimeSpan.FromSeconds(10), Cancelled);
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>The first line of the log tells the address: "… Listening on http://127.0.0.1:40123, running …".</summary>
    private static async Task<HttpClient> ClientOfAsync(Process process)
    {
        var line = await process.StandardOutput.ReadLineAsync(Cancelled) ?? "";
        var address = line.Split("Listening on ")[1].Split(',')[0];
        var client = new HttpClient { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "test");
        return client;
    }
}
