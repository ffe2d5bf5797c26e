using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Orchestrator.ServiceDefaults.Doors;
using Orchestrator.ServiceDefaults.OpenApi;

namespace Orchestrator.Api.OpenApi;

/// <summary>
/// The OpenAPI document, made when it is asked for. Every door's calls are in it, each with the address of its door.
/// </summary>
internal static class OpenApiHosting
{
    private const string DocumentName = "v1";

    public static WebApplicationBuilder AddOpenApiDocument(this WebApplicationBuilder builder)
    {
        builder.Services.AddOpenApi(DocumentName, options =>
        {
            options.AddDocumentTransformer(DescribeDocumentAsync);
            options.AddOperationTransformer(DescribeOperationAsync);
        });
        return builder;
    }

    /// <summary>Serves it at <c>/openapi/v1.json</c> on the sessions door.</summary>
    public static void MapOpenApiDocument(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet($"/openapi/{DocumentName}.json", WriteAsync).ExcludeFromDescription().OnDoor(Door.Sessions);

    // MapOpenApi would do, but has its handler bound by reflection at every start.
    private static async Task WriteAsync(HttpContext context)
    {
        var provider = context.RequestServices.GetRequiredKeyedService<IOpenApiDocumentProvider>(DocumentName);
        var document = await provider.GetOpenApiDocumentAsync(context.RequestAborted);
        context.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new MemoryStream();
        await document.SerializeAsJsonAsync(json, OpenApiSpecVersion.OpenApi3_1, context.RequestAborted);
        await context.Response.BodyWriter.WriteAsync(json.GetBuffer().AsMemory(0, (int)json.Length), context.RequestAborted);
    }

    private static Task DescribeDocumentAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        var doors = context.ApplicationServices.GetRequiredService<OpenDoors>();
        document.Info = new OpenApiInfo
        {
            Title = "Orchestrator",
            Version = DocumentName,
            Description = "An isolated runner for every session, machines lent to projects, and what is needed to watch both.",
        };
        // Importers make a variable baseUrl of the first server.
        document.Servers = [new OpenApiServer { Url = doors.AddressOf(Door.Sessions), Description = "Sessions and tasks" }];
        return Task.CompletedTask;
    }

    private static async Task DescribeOperationAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var doors = context.ApplicationServices.GetRequiredService<OpenDoors>();
        if (metadata.OfType<DoorMetadata>().LastOrDefault() is { Door: not Door.Sessions and var door } && doors.All.Contains(door))
        {
            operation.Servers = [new OpenApiServer { Url = doors.AddressOf(door), Description = door.ToString() }];
        }

        foreach (var example in metadata.OfType<Example>())
        {
            var content = new OpenApiMediaType
            {
                Schema = await context.GetOrCreateSchemaAsync(example.Type, null, cancellationToken),
                Example = Read(example),
            };
            if (example.Status is not { } status)
            {
                operation.RequestBody = new OpenApiRequestBody { Content = new Dictionary<string, OpenApiMediaType> { [example.ContentType] = content } };
            }
            else if (operation.Responses?.TryGetValue(status.ToString(System.Globalization.CultureInfo.InvariantCulture), out var response) == true)
            {
                response.Content?[example.ContentType] = content;
            }
        }
    }

    private static JsonNode? Read(Example example) =>
        example.ContentType == "application/json" ? JsonNode.Parse(example.Text) : JsonValue.Create(example.Text);
}
