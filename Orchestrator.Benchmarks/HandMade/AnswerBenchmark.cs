using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orchestrator.Benchmarks.Measuring;
using Orchestrator.Client;
using Orchestrator.ServiceDefaults.Http;

namespace Orchestrator.Benchmarks.HandMade;

/// <summary>The answer to a provision, written by <see cref="JsonAnswer{T}"/> and by the framework's own result.</summary>
internal static class AnswerBenchmark
{
    private static readonly ProvisionResponse Answer = new(
        "Runner provisioned successfully.", "http://127.0.0.1:32768", "session-1", "session-0194f2c1", "token", DateTimeOffset.UnixEpoch);

    public static async Task<Comparison> RunAsync(bool quick)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.MapGet("/ours", context => new JsonAnswer<ProvisionResponse>(200, Answer, ContractJson.Default.ProvisionResponse).ExecuteAsync(context));
        app.MapGet("/library", context => TypedResults.Json(Answer, ContractJson.Default.ProvisionResponse).ExecuteAsync(context));
        await app.StartAsync();

        var (ours, library) = (new Samples("JsonAnswer"), new Samples("TypedResults.Json"));
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        for (var round = -3_000; round < (quick ? 3_000 : 20_000); round++)
        {
            foreach (var mine in (bool[])[round % 2 == 0, round % 2 != 0])
            {
                var samples = round < 0 ? new Samples("") : mine ? ours : library;
                await samples.TimeInMicrosecondsAsync(() => client.GetByteArrayAsync(mine ? "/ours" : "/library"));
            }
        }

        return Comparison.Part("A short JSON answer over HTTP", ours, library, "µs");
    }
}
