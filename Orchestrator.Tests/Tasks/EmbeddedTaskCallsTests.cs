using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Tasks;

/// <summary>One process, one file.</summary>
public sealed class EmbeddedTaskCallsTests : TaskCallsContract
{
    private ApiHost? _api;

    protected override HttpClient Sessions => _api!.Sessions;

    protected override HttpClient Pod => _api!.Pod;

    protected override async Task StartAsync(params string[] settings) => _api = await ApiHost.StartAsync(settings);

    protected override async Task StopAsync()
    {
        if (_api is not null)
        {
            await _api.DisposeAsync();
        }
    }

    [Fact]
    public async Task Valkey_NotConfigured_Is503()
    {
        var answer = await Sessions.SendAsync(HttpMethod.Get, "/valkey_test").JsonAsync(503);

        Assert.Equal((false, await WhoAmIAsync()), (answer["valkey_ok"]!.GetValue<bool>(), answer.Text("handled_by")));
        Assert.NotEmpty(answer.Text("error"));
    }

    [Fact]
    public async Task Task_Run_IsRunInARunnerThatIsGivenBack()
    {
        var status = await EndOfAsync(await SubmitAsync("""{"type":"run","input":{"command":["echo","hi"]}}"""));

        Assert.Equal("complete", status.Text("status"));
        Assert.NotNull(status["result"]!["exitCode"]);
        var runners = await Sessions.SendAsync(HttpMethod.Get, "/api/runner").JsonAsync(200);
        Assert.DoesNotContain(runners["runners"]!.AsArray(), runner => runner!["owner"] is not null);
    }
}
